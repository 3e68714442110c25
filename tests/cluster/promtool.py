"""promtool, which checks the charts' alerts: from PATH, else out of Debian's package of Prometheus, unpacked aside.

Its Go module has several hundred dependencies; the package is one download. Nothing is installed. Where there is no
apt, the official image has it.
"""

import os
import shutil
import tempfile
from pathlib import Path

from cluster import engine, registry, workshop
from cluster.errors import ClusterError
from cluster.pins import STOCK_PROMETHEUS
from cluster.progress import Progress


def place(cache: Path) -> Path:
    """Where it is kept."""
    return cache / "bin" / "promtool"


def ensure(progress: Progress, cache: Path) -> Path:
    """The executable; ClusterError where there is neither promtool nor a place to take it from."""
    found = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if found:
        return Path(found)
    kept = place(cache)
    if kept.exists():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    # In the cache, so that what is complete is moved into place at once.
    with tempfile.TemporaryDirectory(dir=workshop.folder(cache), prefix="promtool-") as folder:
        if shutil.which("apt-get"):
            with progress.step("promtool, of the Debian package prometheus", "5 s"):
                unpacked = _of_debian(progress, Path(folder))
        elif registry.answers():
            with progress.step(f"promtool, of the image {STOCK_PROMETHEUS}", "20 s"):
                unpacked = _of_image(progress, Path(folder))
        else:
            raise ClusterError("promtool is not on PATH: install Prometheus, or name one by PROMTOOL=<path>")
        unpacked.replace(kept)
    return kept


def _of_debian(progress: Progress, folder: Path) -> Path:
    if os.geteuid() == 0:  # nobody else may refresh the lists
        engine.apt_update(progress)
    # Downloads are made by a user of their own where apt runs as root.
    progress.run(["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", "prometheus"], cwd=folder)
    (package,) = folder.glob("prometheus_*.deb")
    progress.run(["dpkg-deb", "--extract", package, folder / "unpacked"])
    return folder / "unpacked" / "usr" / "bin" / "promtool"


def _of_image(progress: Progress, folder: Path) -> Path:
    container = progress.run(["docker", "create", "--quiet", STOCK_PROMETHEUS]).strip()
    try:
        progress.run(["docker", "cp", f"{container}:/bin/promtool", folder / "promtool"])
    finally:
        progress.run(["docker", "rm", container])
    return folder / "promtool"
