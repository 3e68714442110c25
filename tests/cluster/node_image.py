"""The kind node image, built from packages where no registry serves the stock one.

The bring-up calls `ensure`; the result is one image whose tag is a hash of everything that went in. It carries the
control plane and the add-ons as preloaded images, so a cluster is up without pulling or loading anything.
"""

import shutil
import tempfile
from pathlib import Path

from cluster import debian, docker, engine, pins
from cluster.errors import ClusterError
from cluster.golang import Go
from cluster.pins import Program
from cluster.progress import Progress

HERE = Path(__file__).parent
REPOSITORY = "usecase.local/node"
# The tag that kind writes into containerd's configuration, whatever kubeadm lists.
SANDBOX = "registry.k8s.io/pause:3.10"
# The agent's image under a fixed name: local-path-provisioner needs any image with a shell to make directories.
STORAGE_HELPER = "usecase.local/netpol:node"


def ensure(progress: Progress, cache: Path, go: Go, kubernetes_version: str) -> str:
    """The node image's name, built where it is not there yet."""
    agent = agent_image(progress, cache)
    tag = _tag(kubernetes_version)
    image = f"{REPOSITORY}:{tag}-{agent.rpartition(':')[2]}"
    if docker.image_exists(image):
        return image
    binaries = go.programs(pins.kubernetes(kubernetes_version))
    base = _base(progress, cache, go, kubernetes_version, binaries, tag)
    preloaded = _control_plane(progress, go, binaries, agent) + _addons(progress, go, agent)
    with progress.step("preload images into the node", "60 s"):
        _preload(progress, cache, base, preloaded, image)
    docker.forget_older(progress, image)
    docker.forget_older(progress, base)
    return image


def refuse_unpublished(go: Go, kubernetes_version: str) -> None:
    """ClusterError where there is no such release; asked before anything is built."""
    if not go.released(pins.kubernetes(kubernetes_version).module, kubernetes_version):
        raise ClusterError(
            f"KUBERNETES_VERSION={kubernetes_version} is not a published release of Kubernetes; "
            "choose another, as listed at https://kubernetes.io/releases/"
        )


def agent_image(progress: Progress, cache: Path) -> str:
    """The NetworkPolicy agent's image, tagged by content."""
    dockerfile = HERE / "images" / "netpol" / "Dockerfile"
    image = f"usecase.local/netpol:{docker.content_hash([], [dockerfile, HERE / 'netpol'])}"
    if not docker.image_exists(image):
        base = debian.base(progress, cache, "bookworm", registry=False)
        with progress.step("NetworkPolicy agent image", "25 s"):
            docker.build(progress, image, HERE, dockerfile, {"BASE": base})
    return image


def _tag(kubernetes_version: str) -> str:
    programs = (pins.KIND, pins.CONTAINERD, pins.CNI, pins.COREDNS, pins.METRICS_SERVER, pins.LOCAL_PATH)
    words = [kubernetes_version, *(f"{program.name} {program.version}" for program in programs)]
    inputs = [HERE / "images" / "node", HERE / "images" / pins.COREDNS.main, HERE / "node_image.py"]
    return f"{kubernetes_version}-{docker.content_hash(words, inputs)}"


def _base(progress: Progress, cache: Path, go: Go, version: str, kubernetes: dict[str, Path], tag: str) -> str:
    """Debian, systemd, containerd, kubelet and kind's node contract; no images yet."""
    image = f"usecase.local/node-base:{tag}"
    if docker.image_exists(image):
        return image
    containerd, cni, kind = go.programs(pins.CONTAINERD), go.programs(pins.CNI), go.module(pins.KIND)
    debian_base = debian.base(progress, cache, "bookworm", registry=False)
    with progress.step("node image, without its images", "45 s"), _context(cache) as folder:
        context = Path(folder)
        shutil.copytree(kind / "images/base/files", context / "files")
        _open(context / "files")
        for name, programs in {"bin": {**containerd, **kubernetes}, "cni": cni}.items():
            (context / name).mkdir()
            for program, path in programs.items():
                shutil.copy2(path, context / name / program)
        (context / "manifests").mkdir()
        (context / "manifests/default-storage.yaml").write_text(_storage(go))
        arguments = {"BASE": debian_base, "KUBERNETES_VERSION": version}
        docker.build(progress, image, context, HERE / "images/node/Dockerfile", arguments)
    return image


def _storage(go: Go) -> str:
    """local-path-provisioner's own manifest; kind applies what it finds in the node as default storage."""
    manifest = (go.module(pins.LOCAL_PATH) / "deploy/local-path-storage.yaml").read_text()
    changes = {
        "        image: busybox\n": f"        image: {STORAGE_HELPER}\n",
        '"/opt/local-path-provisioner"': '"/var/local-path-provisioner"',  # /var is the node's volume
        "metadata:\n  name: local-path\n": (
            'metadata:\n  name: local-path\n  annotations:\n    storageclass.kubernetes.io/is-default-class: "true"\n'
        ),
    }
    for before, after in changes.items():
        if before not in manifest:
            raise ClusterError(f"local-path-provisioner's manifest has no {before.strip()!r}: adapt node_image.py")
        manifest = manifest.replace(before, after)
    return manifest


def _control_plane(progress: Progress, go: Go, kubernetes: dict[str, Path], nft_image: str) -> list[str]:
    """Images under the names kubeadm asks for, each one static binary."""
    wanted = progress.run(
        [kubernetes["kubeadm"], "config", "images", "list", "--kubernetes-version", _stamp(kubernetes)]
    )
    images = []
    for image in wanted.split():
        name, _, tag = image.rpartition(":")
        program = name.rpartition("/")[2]
        if program == "etcd":
            binary = go.programs(pins.etcd(f"v{tag.rpartition('-')[0]}"))["etcd"]
        elif program == "coredns":
            binary = go.programs(pins.COREDNS)["coredns"]
        elif program == "pause":
            image, binary = SANDBOX, _pause(progress)
        else:
            binary = kubernetes[program]
        if program == "kube-proxy":
            _image_of(progress, image, binary, "/usr/local/bin/kube-proxy", nft_image)  # it calls nft and conntrack
        elif program == "pause":
            _image_of(progress, image, binary, "/pause", entrypoint=["/pause", "-P"])
        elif program == "coredns":
            _image_of(progress, image, binary, "/coredns")
        else:
            _image_of(progress, image, binary, f"/usr/local/bin/{program}")
        images.append(image)
    return images


def _addons(progress: Progress, go: Go, agent: str) -> list[str]:
    metrics = f"registry.k8s.io/metrics-server/metrics-server:{pins.METRICS_SERVER.version}"
    _image_of(progress, metrics, go.programs(pins.METRICS_SERVER)["metrics-server"], "/metrics-server")
    storage = f"rancher/local-path-provisioner:{pins.LOCAL_PATH.version}"
    binary = go.programs(pins.LOCAL_PATH)["local-path-provisioner"]
    _image_of(progress, storage, binary, "/usr/bin/local-path-provisioner")
    progress.run(["docker", "tag", agent, STORAGE_HELPER])
    return [metrics, storage, agent, STORAGE_HELPER]


def program_image(progress: Progress, go: Go, program: Program, command: str, image: str, target: str) -> str:
    """An image that holds one command of *program* at *target* and nothing else; add-ons on demand are made so."""
    if not docker.image_exists(image):
        _image_of(progress, image, go.programs(program)[command], target)
    return image


def _image_of(
    progress: Progress,
    image: str,
    binary: Path,
    target: str,
    base: str = "scratch",
    entrypoint: list[str] | None = None,
) -> None:
    with tempfile.TemporaryDirectory(prefix="usecase-image-") as folder:
        shutil.copy2(binary, Path(folder) / "program")
        words = ", ".join(f'"{word}"' for word in entrypoint or [target])
        lines = [
            f"FROM {base}",
            f"COPY program {target}",
            "ENV PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin",
        ]
        (Path(folder) / "Dockerfile").write_text("\n".join([*lines, f"ENTRYPOINT [{words}]"]) + "\n")
        docker.build(progress, image, Path(folder), Path(folder) / "Dockerfile")


def _pause(progress: Progress) -> Path:
    """Debian's catatonit does what the pause container does: reap children, and wait for a signal."""
    for path in (Path("/usr/bin/catatonit"), Path("/usr/libexec/podman/catatonit")):
        if path.exists():
            return path
    engine.apt_install(progress, ["catatonit"])
    return Path("/usr/bin/catatonit")


def _preload(progress: Progress, cache: Path, base: str, images: list[str], result: str) -> None:
    """Import *images* into containerd's store inside a container of *base*, and keep it as *result*."""
    with _context(cache) as folder:
        archive = Path(folder) / "images.tar"
        progress.run(["docker", "save", "--output", archive, *images])
        command = ["docker", "run", "--detach", "--privileged", "--network", "none", "--entrypoint", "sleep"]
        container = progress.run([*command, base, "3600"]).strip()
        try:
            progress.run(["docker", "cp", archive, f"{container}:/images.tar"])
            progress.run(["docker", "exec", container, "sh", "-euc", IMPORT])
            entrypoint = 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]'
            progress.run(["docker", "commit", "--change", entrypoint, container, result])
        finally:
            progress.run(["docker", "rm", "--force", container])


IMPORT = """
containerd > /tmp/containerd.log 2>&1 &
daemon=$!
tries=0
until ctr version > /dev/null 2>&1; do
  tries=$((tries + 1)); [ $tries -lt 100 ] || { cat /tmp/containerd.log >&2; exit 1; }
  sleep 0.2
done
ctr --namespace k8s.io images import --no-unpack --digests /images.tar
kill $daemon; wait $daemon || true
rm -f /images.tar /tmp/containerd.log
"""


def _stamp(kubernetes: dict[str, Path]) -> str:
    return kubernetes["kubeadm"].parent.name.removeprefix("kubernetes-")


def _context(cache: Path) -> tempfile.TemporaryDirectory[str]:
    folder = cache / "build"
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=folder, prefix="context-")


def _open(folder: Path) -> None:
    """Files of a Go module are read-only; Docker's context must be removable afterwards."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)
