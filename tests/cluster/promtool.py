"""promtool, which checks the charts' alerts: from PATH, else out of Debian's package of Prometheus, unpacked aside.

Its Go module has several hundred dependencies; the package is one download. Nothing is installed.
"""

import os
import shutil
import tempfile
from pathlib import Path

from cluster.errors import ClusterError
from cluster.progress import Progress


def place(cache: Path) -> Path:
    """Where it is kept."""
    return cache / "bin" / "promtool"


def ensure(progress: Progress, cache: Path) -> Path:
    """The executable; ClusterError where there is neither promtool nor apt."""
    found = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if found:
        return Path(found)
    kept = place(cache)
    if kept.exists():
        return kept
    if not shutil.which("apt-get"):
        raise ClusterError("promtool is not on PATH: install Prometheus, or name one by PROMTOOL=<path>")
    with progress.step("promtool, of the Debian package prometheus", "5 s"), tempfile.TemporaryDirectory() as folder:
        # Downloads are made by a user of their own where apt runs as root.
        progress.run(["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", "prometheus"], cwd=Path(folder))
        (package,) = Path(folder).glob("prometheus_*.deb")
        progress.run(["dpkg-deb", "--extract", package, Path(folder) / "unpacked"])
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(Path(folder) / "unpacked" / "usr" / "bin" / "promtool", kept)
    return kept
