"""Go programs, built from their modules at pinned versions into the project's cache.

Called by whoever needs a binary or a file that ships inside a module. Knows modules and versions, not what the
programs are for. The result of a build is moved into place at the end, so an interrupted one leaves nothing behind.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from cluster import docker
from cluster.errors import ClusterError
from cluster.pins import STOCK_GO, Program
from cluster.progress import Progress

IMAGES = Path(__file__).parent / "images"
ASK_SECONDS = 60
# How Go words that a version is not there: its own check, and the statuses by which proxies say it.
UNKNOWN = r"unknown revision|invalid version|: 4(03|04|10) "
# The linker drops what debuggers need (-s -w); not to compile it at all takes an eighth off the processor time.
WITHOUT_DEBUGGING = "all=-dwarf=false"


class Go:
    """A Go toolchain: the one on PATH, or the official container where there is none."""

    def __init__(self, progress: Progress, cache: Path, *, registry: bool) -> None:
        self.progress = progress
        self.cache = cache
        self.registry = registry

    def programs(self, program: Program) -> dict[str, Path]:
        """Name → executable of each of the program's commands, built now if they were not before."""
        folder = self.cache / "bin" / _folder(program)
        names = [_name(program, command) for command in program.commands]
        if not folder.is_dir():
            with self.progress.step(f"build {program.name} {program.version}", program.usually):
                self._build(program, folder)
        missing = [name for name in names if not (folder / name).exists()]
        if missing:
            raise ClusterError(f"{folder} lacks {', '.join(missing)}: remove that folder and run again")
        return {name: folder / name for name in names}

    def module(self, program: Program) -> Path:
        """The unpacked source of the program's module; files of it are read, none is written."""
        return self._download(program.module, program.version)

    def released(self, module: str, version: str) -> bool:
        """Whether the module proxy has that version; ClusterError where it can't be asked."""
        ask = ["list", "-m", "-e", "-json", f"{module}@{version}"]
        answer = json.loads(self._go(*ask, cwd=self.cache, timeout=ASK_SECONDS))
        error = str(answer.get("Error", {}).get("Err", ""))
        if error and not re.search(UNKNOWN, error):
            raise ClusterError(f"go can't tell whether there is {module} {version}: {' '.join(error.split())}")
        return not error

    def _build(self, program: Program, folder: Path) -> None:
        half_made = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(parents=True)
        flags = ["-ldflags", f"-s -w {program.ldflags}".strip(), "-gcflags", WITHOUT_DEBUGGING]
        paths = ["/".join(filter(None, (program.module, command))) for command in program.commands]
        if program.main:
            paths = ["."]
        if program.wrapped:
            workshop = self._wrapper(program, paths)
            # A folder as target lets Go link the commands side by side; a module's root has no name of its own there.
            target = half_made if program.commands[0] else half_made / program.name
            self._go(
                "build",
                "-mod=mod",
                *flags,
                "-o",
                f"{target}{'/' if program.commands[0] else ''}",
                *paths,
                cwd=workshop,
            )
        else:
            versioned = [f"{path}@{program.version}" for path in paths]
            self._go("install", *flags, *versioned, cwd=self.cache, gobin=half_made)
        half_made.rename(folder)

    def _wrapper(self, program: Program, paths: list[str]) -> Path:
        """A module of our own that requires the program's, with the `replace` lines Go applies in the main module only.

        A replacement by a folder (`./staging/src/k8s.io/api`, `../api`) becomes the published module of the same
        release: Kubernetes numbers those v0.x where itself it is v1.x, others number them alike.
        """
        source = self.module(program)
        edit = json.loads(self._go("mod", "edit", "-json", cwd=source))
        sibling = program.version
        if program.module == "k8s.io/kubernetes":
            sibling = "v0" + program.version.removeprefix("v1")
        replaces = []
        for replace in edit.get("Replace") or []:
            old, new = replace["Old"]["Path"], replace["New"]
            if new["Path"].startswith("."):
                replaces.append(f"{old} => {old} {sibling}")
            else:
                replaces.append(f"{old} => {new['Path']} {new['Version']}")
        folder = self.cache / "build" / _folder(program)
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"module {program.name}", f"go {edit['Go']}", f"require {program.module} {program.version}"]
        (folder / "go.mod").write_text("\n".join([*lines, *(f"replace {line}" for line in replaces)]) + "\n")
        (folder / "go.sum").write_text("")
        if program.main:
            shutil.copy2(IMAGES / program.main, folder / "main.go")
        else:
            imports = "\n".join(f'import _ "{path}"' for path in paths)
            (folder / "tools.go").write_text(f"//go:build tools\n\npackage tools\n\n{imports}\n")
        return folder

    def _download(self, module: str, version: str) -> Path:
        answer = json.loads(self._go("mod", "download", "-json", f"{module}@{version}", cwd=self.cache))
        return Path(answer["Dir"])

    def _go(self, *arguments: str, cwd: Path, gobin: Path | None = None, timeout: float | None = None) -> str:
        self.cache.mkdir(parents=True, exist_ok=True)
        env = {
            "GOFLAGS": "-trimpath",
            "CGO_ENABLED": "0",
            "GOWORK": "off",
            "GOMODCACHE": str(self.cache / "gomod"),
            **({"GOBIN": str(gobin)} if gobin else {}),
        }
        if shutil.which("go"):
            return self.progress.run(["go", *arguments], env=env, cwd=cwd, timeout=timeout)
        if not self.registry:
            raise ClusterError("go is not on PATH and no image registry answers: install Go 1.26 or newer")
        return self.progress.run(_in_container(arguments, env, cwd, self.cache), timeout=timeout)


def _in_container(arguments: tuple[str, ...], env: dict[str, str], cwd: Path, cache: Path) -> list[str]:
    """The same command in the official Go image. The cache is mounted where it is, so paths mean the same inside."""
    build_cache = {**env, "GOCACHE": str(cache / "gobuild")}
    variables = [item for key, value in build_cache.items() for item in ("--env", f"{key}={value}")]
    user = ["--user", f"{os.getuid()}:{os.getgid()}"]
    mount = ["--volume", f"{cache}:{cache}", "--workdir", str(cwd)]
    return ["docker", "run", "--rm", *user, *mount, *variables, STOCK_GO, "go", *arguments]


def _folder(program: Program) -> str:
    """Of one build's result: a changed version, or a changed program of ours, is another one."""
    own = f"-{docker.content_hash([], [IMAGES / program.main])}" if program.main else ""
    return f"{program.name}-{program.version}{own}"


def _name(program: Program, command: str) -> str:
    return command.rsplit("/", 1)[-1] if command else program.name


def version_of(*command: str) -> str:
    """What a program prints of its version, or nothing where it is absent or broken."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
