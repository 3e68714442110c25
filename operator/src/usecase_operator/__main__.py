"""`python -m usecase_operator COMMAND`. Each command is a module of its own, imported when it is asked for."""

import sys


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["render"]:
        from usecase_operator import cli

        return cli.main(arguments[1:])
    if arguments == ["run"]:
        from usecase_operator import main as process

        return process.main()
    print("usage: python -m usecase_operator run | render -f FILE", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
