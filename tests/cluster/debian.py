"""Debian base images, made by debootstrap where no image registry answers; the official ones elsewhere.

Called for the node (bookworm: its systemd still knows cgroup v1) and for services and backends (trixie: Python 3.13,
PostgreSQL 17, RabbitMQ 4, Redis 8). What the machine needs to reach its package mirrors (certificates, sources, pip's
settings) is copied into the base, so that every Dockerfile on top installs packages as it would anywhere.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cluster import docker, engine, workshop
from cluster.errors import ClusterError
from cluster.progress import Progress

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PIP_SETTINGS = ("index-url", "extra-index-url", "cert", "trusted-host", "proxy")


def base(progress: Progress, cache: Path, suite: str, *, registry: bool) -> str:
    """The name of an image with Debian *suite* and nothing more."""
    if registry:
        return f"debian:{suite}-slim"
    image = f"usecase.local/debian:{suite}"
    if not docker.image_exists(image):
        with progress.step(f"Debian {suite} root file system", "50 s"):
            _bootstrap(progress, cache, suite, image)
    return image


def refuse_elsewhere() -> None:
    """ClusterError on a machine that can't make a root file system; asked before anything is built."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise ClusterError(
            "no image registry answers, and what it would serve can be built by root on Debian or Ubuntu only: "
            "run this as root there, or see why `docker pull` gets no answer"
        )


def _bootstrap(progress: Progress, cache: Path, suite: str, image: str) -> None:
    if not shutil.which("debootstrap"):
        engine.apt_install(progress, ["debootstrap", "debian-archive-keyring"])
    with tempfile.TemporaryDirectory(dir=workshop.folder(cache), prefix=f"{suite}-") as folder:
        root = Path(folder) / "root"
        mirror = _mirror()
        command = ["debootstrap", "--variant=minbase", "--include=ca-certificates", suite, str(root)]
        progress.run([*command, mirror] if mirror else command)
        _reach_mirrors(root, suite, mirror)
        for lists in ("var/lib/apt/lists", "var/cache/apt"):  # about 90 MB; each Dockerfile fetches its own
            shutil.rmtree(root / lists)
            (root / lists).mkdir()
        archive = Path(folder) / "root.tar"
        progress.run(["tar", "-C", root, "-cf", archive, "."])
        progress.run(["docker", "import", archive, image])


def _mirror() -> str:
    """The Debian mirror this machine's apt uses; empty elsewhere, which leaves debootstrap its own default."""
    os_release = Path("/etc/os-release").read_text()
    if "ID=debian" not in os_release.splitlines():
        return ""
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(SITE)", "Created-By: Packages"]
    return debian_s_own(subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines())


def debian_s_own(targets: Iterable[str]) -> str:
    """The site of the first target `origin|label|site` that is Debian's main archive.

    Other people's archives have other origins, and security has another label; both are empty before the first update.
    """
    sites = [target.split("|") for target in targets]
    named = [site for origin, label, site in sites if origin == label == "Debian"]
    nameless = [site for origin, _, site in sites if not origin and "security" not in site]
    return next(iter(named + nameless), "")


def _reach_mirrors(root: Path, suite: str, mirror: str) -> None:
    if mirror:
        (root / "etc/apt/sources.list").write_text(f"deb {mirror} {suite} main\n")
    if CERTIFICATES.exists():
        shutil.copy(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
    own = Path("/usr/local/share/ca-certificates")
    if own.is_dir():
        shutil.copytree(own, root / own.relative_to("/"), dirs_exist_ok=True)
    (root / "etc/apt/apt.conf.d/80-small").write_text(
        'APT::Install-Recommends "false";\n'
        'Acquire::Languages "none";\n'
        'DPkg::Options:: "--path-exclude=/usr/share/doc/*";\n'
    )
    listed = subprocess.run(["python3", "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    settings = {}
    for line in listed.stdout.splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2].strip(":")
        if name in PIP_SETTINGS:
            settings[name] = value.strip("'")
    lines = [f"{name} = {value}\n" for name, value in settings.items()]
    (root / "etc/pip.conf").write_text("[global]\n" + "".join(lines))
