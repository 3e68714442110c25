"""`python -m cluster COMMAND`: what the Makefile calls. Reads the environment once, prints one line per failure."""

import sys
from collections.abc import Callable

from cluster import bringup
from cluster.errors import ClusterError

COMMANDS: dict[str, Callable[[], None]] = {
    "up": bringup.up,
    "down": bringup.down,
    "helm": bringup.helm,
    "images": bringup.images,
    "backend-images": bringup.backend_images,
    "keda": bringup.keda,
    "kwok": bringup.kwok,
    "backends": bringup.backends,
    "stack": bringup.stack_up,
    "stack-down": bringup.stack_down,
    "path": bringup.path,
    "status": bringup.status,
    "times": bringup.times,
    "clean": bringup.clean,
}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"usage: python -m cluster {{{'|'.join(COMMANDS)}}}", file=sys.stderr)
        return 2
    try:
        COMMANDS[arguments[0]]()
    except (ClusterError, AssertionError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"✗ {error.filename or arguments[0]}: {error.strerror}; see to it and run again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("✗ interrupted; run it again to go on where it stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
