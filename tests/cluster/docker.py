"""The few questions the bring-up asks of the Docker engine, and content hashes for what it builds."""

import hashlib
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cluster.progress import Progress

LABEL = "dev.usecase.built=true"  # on every image built here, under whatever name: `make clean` finds them by it
KEPT = 3  # of each repository: this checkout's, and those of two others on the same machine
IGNORED = ("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache")


def image_exists(image: str) -> bool:
    command = ["docker", "image", "inspect", image]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def image_id(image: str) -> str:
    """The engine's id of an image that is there, else the name itself."""
    command = ["docker", "image", "inspect", "--format", "{{.Id}}", image]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or image


def content_hash(words: Iterable[str], paths: Iterable[Path]) -> str:
    """Twelve hexadecimal digits over *words* and over name, mode and content of all files in or below *paths*."""
    digest = hashlib.sha256()
    for word in words:
        digest.update(word.encode() + b"\0")
    for top in paths:
        files = [top] if top.is_file() else sorted(path for path in top.rglob("*") if path.is_file())
        for path in files:
            if any(part in IGNORED for part in path.parts):
                continue
            name = path.name if path == top else str(path.relative_to(top))
            digest.update(f"{top.name}/{name}\0{path.stat().st_mode & 0o111}\0".encode())
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def build(
    progress: Progress,
    image: str,
    context: Path,
    dockerfile: Path,
    arguments: Mapping[str, str] | None = None,
) -> None:
    """`docker build` with the machine's own network, so that apt and pip reach what the machine reaches.

    The classic builder: Debian's engine ships no BuildKit, and nothing here needs one.
    """
    flags = [item for key, value in (arguments or {}).items() for item in ("--build-arg", f"{key}={value}")]
    command = [
        "docker",
        "build",
        "--network",
        "host",
        "--label",
        LABEL,
        "--tag",
        image,
        "--file",
        str(dockerfile),
        *flags,
        str(context),
    ]
    progress.run(command, env={"DOCKER_BUILDKIT": "0"})


def save(progress: Progress, archive: Path, images: Sequence[str]) -> None:
    """`docker save` of what a node can import.

    An engine with containerd's image store keeps an image of many platforms under one name, and would name in the
    archive those of its parts that were never pulled, which the node then misses (kind#3795).
    """
    platform = []
    if "io.containerd.snapshotter" in progress.run(["docker", "info", "--format", "{{.DriverStatus}}"]):
        form = "{{.Server.Os}}/{{.Server.Arch}}"
        platform = ["--platform", progress.run(["docker", "version", "--format", form]).strip()]
    progress.run(["docker", "save", *platform, "--output", archive, *images])


def forget_older(progress: Progress, image: str) -> None:
    """Keep the newest few images of *image*'s repository: every change of an input leaves one behind, some of 2 GB.

    An image that a container stands on is refused by the engine and stays.
    """
    repository = image.rpartition(":")[0]
    listed = progress.run(["docker", "images", repository, "--format", "{{.Repository}}:{{.Tag}}"]).split()
    for older in [name for name in listed if name != image][KEPT - 1 :]:
        subprocess.run(["docker", "rmi", older], capture_output=True, check=False)


def remove(progress: Progress, *filters: str) -> list[str]:
    """Remove images that match one of *filters* (`docker images --filter`); the ids of those that containers use.

    In rounds: the engine refuses an image as long as another is built on it.
    """

    def there() -> list[str]:
        asked = [_listed(progress, each) for each in filters]
        return sorted({image for images in asked for image in images})

    left: list[str] = []
    while (found := there()) != left:
        left = found
        command = ["docker", "rmi", "--force", *_nameless_on(progress, left), *left]
        subprocess.run(command, capture_output=True, check=False)
    return left


def _nameless_on(progress: Progress, images: Sequence[str]) -> list[str]:
    """What a build leaves on *images* without its label: an inner stage, or all it had when a step of it failed."""

    def below(image: str) -> list[str]:
        return progress.run(["docker", "history", "--no-trunc", "--quiet", image]).split()

    return [each for each in _listed(progress, "dangling=true") if not set(below(each)).isdisjoint(images)]


def _listed(progress: Progress, filter_: str) -> list[str]:
    return progress.run(["docker", "images", "--no-trunc", "--quiet", "--filter", filter_]).split()
