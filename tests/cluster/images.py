"""The project's images: what goes into each, the tag that its content gives it, and how it reaches the nodes.

A row of `IMAGES` is all there is to add an image. Tags are content hashes, so an unchanged image is neither built
nor loaded again, and a chart that names a tag names exactly one content.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster import debian, docker, pins, workshop
from cluster.kind import Kind
from cluster.progress import Progress

ROOT = Path(__file__).parents[2]
HERE = "tests/cluster/images"
OURS = "usecase.local/"  # no registry serves it: a name that is never pulled by accident


@dataclass(frozen=True)
class Image:
    """One image. *inputs* are paths from the repository's root; the Dockerfile is among them.

    *context*: the folder Docker builds in; "" for one made of the inputs alone, laid out as in the repository.
    *base*: "python" or "debian". *official*: what is pulled instead where a registry answers, for software that is
    not ours.
    """

    name: str
    dockerfile: str
    context: str
    inputs: tuple[str, ...]
    base: str
    usually: str
    official: str = ""
    arguments: tuple[tuple[str, str], ...] = ()


def _backend(name: str, official: str, usually: str) -> Image:
    folder = f"{HERE}/{name}"
    return Image(name, f"{folder}/Dockerfile", folder, (folder,), "debian", usually, official)


def _service(name: str) -> Image:
    inputs = ("services/Dockerfile", f"requirements/{name}.txt", "services/shared", f"services/{name}")
    return Image(name, inputs[0], "", inputs, "python", "40 s", arguments=(("SERVICE", name),))


IMAGES = (
    _backend("rabbitmq", "rabbitmq:4-management", "40 s"),
    _backend("postgres", "postgres:17", "40 s"),
    _backend("redis", "redis:8", "20 s"),
    _backend("mongodb", "mongo:8", "30 s"),
    Image("probe", f"{HERE}/probe/Dockerfile", f"{HERE}/probe", (f"{HERE}/probe",), "python", "30 s"),
    Image("echo", f"{HERE}/echo/Dockerfile", f"{HERE}/echo", (f"{HERE}/echo",), "python", "30 s"),
    Image("bot-api", f"{HERE}/bot-api/Dockerfile", f"{HERE}/bot-api", (f"{HERE}/bot-api",), "python", "30 s"),
    Image(
        "operator",
        "operator/Dockerfile",
        "",
        (
            "operator/Dockerfile",
            "operator/pyproject.toml",
            "operator/src",
            "requirements/operator.txt",
            "crds/usecase.yaml",
        ),
        "python",
        "40 s",
    ),
    _service("postgres-data"),
    _service("mongo-data"),
    _service("api"),
    _service("reminder-worker"),
    _service("analytics-worker"),
    _service("bot"),
)


def build_all(
    progress: Progress, cache: Path, *, registry: bool, names: Collection[str] | None = None
) -> Mapping[str, str]:
    """Name → reference of every image (of those named), built or pulled where it was not there yet."""
    wanted = [image for image in IMAGES if names is None or image.name in names]
    return {image.name: _ensure(progress, cache, image, registry=registry) for image in wanted}


def reference(image: Image, base: str) -> str:
    """The tag is a hash of the image's inputs and of its base: by content where we made it, by name where pulled."""
    words = [image.name, *map(str, image.arguments), base if "/" not in base else docker.image_id(base)]
    return f"{OURS}{image.name}:{docker.content_hash(words, [ROOT / path for path in image.inputs])}"


def load(kind: Kind, references: Mapping[str, str]) -> None:
    """Bring to every node what it lacks, in one archive, so that shared layers travel once."""
    nodes = kind.nodes()
    lacking = set()
    for node in nodes:
        listed = kind.in_node(node, "ctr --namespace k8s.io images ls --quiet").split()
        held = {name.removeprefix("docker.io/").removeprefix("library/") for name in listed}
        lacking |= {name for name in references.values() if name not in held}
    if not lacking:
        return
    with (
        kind.progress.step(f"load {len(lacking)} images into {len(nodes)} nodes", "10 s an image"),
        tempfile.TemporaryDirectory(dir=workshop.folder(kind.settings.cache), prefix="load-") as folder,
    ):
        archive = Path(folder) / "images.tar"
        docker.save(kind.progress, archive, sorted(lacking))
        kind.progress.run([kind.tools.kind, "load", "image-archive", archive, "--name", kind.settings.cluster])


def base_image(progress: Progress, cache: Path, base: str, *, registry: bool) -> str:
    """The image a Dockerfile's BASE argument gets: official where a registry answers, else made of Debian packages."""
    if base == "debian":
        return debian.base(progress, cache, "trixie", registry=registry)
    if registry:
        return f"python:{pins.PYTHON}-slim"
    folder = ROOT / HERE / "python"
    trixie = debian.base(progress, cache, "trixie", registry=False)
    image = f"usecase.local/python:{pins.PYTHON}-{docker.content_hash([docker.image_id(trixie)], [folder])}"
    if not docker.image_exists(image):
        with progress.step(f"Python {pins.PYTHON} base image", "40 s"):
            docker.build(progress, image, folder, folder / "Dockerfile", {"BASE": trixie})
    return image


def _ensure(progress: Progress, cache: Path, image: Image, *, registry: bool) -> str:
    if registry and image.official:
        if not docker.image_exists(image.official):
            with progress.step(f"pull {image.official}", "30 s"):
                progress.run(["docker", "pull", "--quiet", image.official])
        return image.official
    base = base_image(progress, cache, image.base, registry=registry)
    name = reference(image, base)
    if not docker.image_exists(name):
        with progress.step(f"image {image.name}", image.usually), _context(cache, image) as context:
            arguments = {"BASE": base, **dict(image.arguments)}
            docker.build(progress, name, context, ROOT / image.dockerfile, arguments)
        docker.forget_older(progress, name)
    return name


@contextlib.contextmanager
def _context(cache: Path, image: Image) -> Iterator[Path]:
    """The folder to build in. Made of the inputs, it holds exactly what the tag is a hash of."""
    if image.context:
        yield ROOT / image.context
        return
    with tempfile.TemporaryDirectory(dir=workshop.folder(cache), prefix="context-") as folder:
        for path in image.inputs:
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / path).is_dir():
                shutil.copytree(ROOT / path, target, ignore=shutil.ignore_patterns(*docker.IGNORED))
            else:
                shutil.copy2(ROOT / path, target)
        yield Path(folder)
