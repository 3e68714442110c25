"""The story of `make cluster`, told once: engine, tools, node image, cluster, pod network, add-ons, checks.

The commands of `python -m cluster` are its functions. Each may be interrupted anywhere and run again.
"""

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster import (
    addons,
    debian,
    demand,
    docker,
    engine,
    judges,
    mark,
    node_image,
    pins,
    pod_network,
    promtool,
    registry,
    stack,
    tools,
    welcome,
    workshop,
)
from cluster import images as project_images
from cluster import settings as environment
from cluster.errors import ClusterError
from cluster.golang import Go
from cluster.kind import Kind, Tools, delete, free_port, missing, nodes
from cluster.progress import Progress, measured
from cluster.settings import Settings

COLD_GIB = 8  # Go's caches, root file systems and the node image's context, as measured
WARM_GIB = 0.2


def up() -> None:
    """From whatever there is to a cluster that has been checked."""
    settings, progress = _begin()
    with _alone(settings):
        kind, go, image = _prepare(settings, progress)
        home_made = _home_made(image)
        agent = node_image.agent_image(progress, settings.cache) if home_made else ""
        if home_made:
            project_images.load(kind, {"netpol": agent})  # the nodes of an older cluster carry an older agent
            with progress.step("wire pods and NetworkPolicy", "5 s"):
                pod_network.ensure(kind, agent)
        with progress.step("metrics-server", "3 s"):
            addons.metrics_server(kind, go)
        with progress.step("wait until nodes, DNS, Services, storage and metrics answer", "40 s"):
            addons.ready(kind, agent or f"python:{pins.PYTHON}-slim", home_made=home_made)
        progress.say(f"cluster {settings.cluster} is ready: kubectl --context {settings.context} get nodes")
        progress.say(f"node port 30080 answers at http://localhost:{kind.api_port()}")


def running() -> Kind:
    """The cluster as the environment names it, for tests: it is up by then."""
    return _running(*_begin())


def down() -> None:
    """Delete the cluster; what was built stays."""
    settings, progress = _begin()
    if not engine.answers():
        progress.say("no Docker engine answers, so no cluster runs; nothing to delete")
        return
    with _alone(settings):
        if not nodes(progress, settings.cluster):
            progress.say(f"no cluster {settings.cluster}; nothing to delete")
            return
        delete(progress, settings.cluster, tools.kind(Go(progress, settings.cache, registry=registry.answers())))


def helm() -> None:
    """The tools that tests without a cluster need: charts are rendered by Helm, their alerts checked by promtool,
    what they render is judged by kube-score and kubeconform.
    """
    settings, progress = _begin()
    with _alone(settings):
        go = Go(progress, settings.cache, registry=registry.answers())
        tools.helm(go)
        judges.ensure(go, settings.kubernetes_version)
        promtool.ensure(progress, settings.cache)


def images() -> None:
    """Build what changed, and load into the cluster, if there is one, what its nodes lack."""
    settings, progress = _begin()
    with _alone(settings):
        engine.ensure(progress, settings.cache)
        built = project_images.build_all(progress, settings.cache, registry=registry.answers())
        if nodes(progress, settings.cluster):
            project_images.load(_running(settings, progress), built)
        else:
            progress.say(f"no cluster {settings.cluster} to load them into (make cluster)")


def backend_images() -> None:
    """What `make services` needs of Docker: no cluster, and no image of a service."""
    settings, progress = _begin()
    with _alone(settings):
        engine.ensure(progress, settings.cache)
        project_images.build_all(progress, settings.cache, registry=registry.answers(), names=stack.BACKENDS)


def keda() -> None:
    settings, progress = _begin()
    with _alone(settings):
        kind = _running(settings, progress)
        demand.keda(kind, Go(progress, settings.cache, registry=registry.answers()))


def kwok() -> None:
    settings, progress = _begin()
    with _alone(settings):
        kind = _running(settings, progress)
        demand.kwok(kind, Go(progress, settings.cache, registry=registry.answers()))


def backends() -> None:
    settings, progress = _begin()
    with _alone(settings):
        kind = _running(settings, progress)
        built = project_images.build_all(progress, settings.cache, registry=registry.answers())
        project_images.load(kind, built)
        stack.install_backends(kind, built)


def stack_up() -> None:
    """The operator and the task-management stack, tried once as a user would, and what can be done with them."""
    settings, progress = _begin()
    with _alone(settings):
        kind = _running(settings, progress)
        stack.up(kind, project_images.build_all(progress, settings.cache, registry=registry.answers()))
        welcome.check(kind)
        welcome.say(kind)


def stack_down() -> None:
    settings, progress = _begin()
    if not engine.answers() or not nodes(progress, settings.cluster):
        progress.say(f"no cluster {settings.cluster} runs; nothing to take off")
        return
    with _alone(settings):
        stack.down(_running(settings, progress))


def path() -> None:
    """For a shell to run: the line that finds kubectl and helm where they were built."""
    settings, progress = _begin()
    progress.say(welcome.path(_tools(settings, progress)))


def status() -> None:
    settings, progress = _begin()
    if not engine.answers():
        progress.say("engine: does not answer `docker info` (make cluster starts it)")
        return
    there = nodes(progress, settings.cluster)
    progress.say(f"engine: answers\ncluster {settings.cluster}: {', '.join(there) or 'not there (make cluster)'}")
    if there:
        progress.say(_running(settings, progress).kubectl("get", "nodes", "--output", "wide").rstrip())
    form = "table {{.Repository}}:{{.Tag}}\t{{.CreatedSince}}\t{{.Size}}"
    listed = progress.run(["docker", "images", "--filter", "reference=usecase.local/*", "--format", form])
    progress.say(f"images of this project:\n{listed.rstrip()}")


def times() -> None:
    """What each step took on this machine, as a table in Markdown."""
    _, progress = _begin()
    progress.say("| step | quickest, s | slowest, s |\n|---|---|---|")
    for step, quickest, slowest in measured(progress.times):
        progress.say(f"| {step} | {quickest:.1f} | {slowest:.1f} |")


def clean() -> None:
    """Remove images that were made here, and caches. What was pulled and apt packages stay: others may use them."""
    settings, progress = _begin()
    left = docker.remove(progress, f"label={docker.LABEL}", "reference=usecase.local/*") if engine.answers() else []
    cache = settings.cache
    subprocess.run(["chmod", "-R", "u+w", str(cache)], check=False)  # Go keeps its module cache read-only
    shutil.rmtree(cache, ignore_errors=True)
    progress.say(f"removed {cache}; apt packages and pulled images stay, as the README lists them")
    if left:
        short = ", ".join(image.removeprefix("sha256:")[:12] for image in left)
        progress.say(f"containers use images, which stay: {short}; end them, then make clean again")


def _begin() -> tuple[Settings, Progress]:
    settings = environment.read()
    return settings, Progress(settings.cache)


def _prepare(settings: Settings, progress: Progress) -> tuple[Kind, Go, str]:
    """Engine, tools, node image and cluster, whichever of them are missing; the last is the cluster's node image."""
    _room(settings.cache, WARM_GIB)
    engine.ensure(progress, settings.cache)
    made = mark.read(settings.cluster)
    if made:
        made.refuse_other(settings)
    elif not nodes(progress, settings.cluster):
        free_port(settings)  # its creation asks again; a taken one is said before the long builds
    image = _image(settings, made)
    go = Go(progress, settings.cache, registry=registry.answers())
    if image == node_image.REPOSITORY and not _built(settings):
        debian.refuse_elsewhere()
        _room(settings.cache, COLD_GIB)
        node_image.refuse_unpublished(go, settings.kubernetes_version)
    kind = Kind(progress, settings, _tools(settings, progress))
    if made:
        kind.resume()
        return kind, go, image
    if image == node_image.REPOSITORY:
        image = node_image.ensure(progress, settings.cache, go, settings.kubernetes_version)
    elif not docker.image_exists(image):
        with progress.step(f"pull {image}", "60 s"):
            _pull(progress, image)
    kind.create(image, home_made=_home_made(image))
    return kind, go, image


def _image(settings: Settings, made: mark.Mark | None) -> str:
    """The node image of the cluster that is there, or of the one to be made; without a tag where it is to be built."""
    if made:
        return made.image
    if settings.node_image:
        return settings.node_image
    return f"{pins.STOCK_NODE}:{settings.kubernetes_version}" if registry.answers() else node_image.REPOSITORY


def _home_made(image: str) -> bool:
    """Whether pods of such nodes are ours to wire, and Kubernetes was built here."""
    return image.partition(":")[0] == node_image.REPOSITORY


def _built(settings: Settings) -> bool:
    return (settings.cache / "bin" / f"kubernetes-{settings.kubernetes_version}").is_dir()


def _pull(progress: Progress, image: str) -> None:
    try:
        progress.run(["docker", "pull", "--quiet", image], quiet=True)
    except ClusterError as error:
        repository, _, tag = image.rpartition(":")
        asked = f"KUBERNETES_VERSION={tag}" if repository == pins.STOCK_NODE else f"NODE_IMAGE={image}"
        raise ClusterError(
            f"{asked}: {image} can't be pulled; those of kind are listed at "
            f"https://github.com/kubernetes-sigs/kind/releases ({error})"
        ) from error


def _running(settings: Settings, progress: Progress) -> Kind:
    """The commands on a cluster that is up already; its tools are there by then."""
    engine.ensure(progress, settings.cache)
    if not nodes(progress, settings.cluster):
        raise missing(settings.cluster)
    return Kind(progress, settings, _tools(settings, progress))


def _tools(settings: Settings, progress: Progress) -> Tools:
    """Those that fit the cluster that is there, or the one to be made."""
    made = mark.read(settings.cluster)
    version = made.version if made else settings.kubernetes_version
    go = Go(progress, settings.cache, registry=registry.answers())
    return tools.ensure(go, version, home_made=_home_made(_image(settings, made)))


def _room(cache: Path, gib: float) -> None:
    """Refuse before a long build fails in its middle."""
    cache.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache).free / 2**30
    if free < gib:
        raise ClusterError(
            f"{cache} has {free:.1f} GiB free and {gib:g} GiB are needed; "
            "free some, or set XDG_CACHE_HOME to a larger disk"
        )


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One bring-up at a time: two would build the same things into the same places."""
    settings.cache.mkdir(parents=True, exist_ok=True)
    with (settings.cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another run of `python -m cluster` is at work; waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        workshop.clear(settings.cache)
        yield
