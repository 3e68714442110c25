"""Where half-made things lie: in the cache, so that nothing large goes elsewhere and a killed run can be cleared away.

Whoever makes an archive, a root file system or a folder to build in makes it here, under a temporary name.
"""

import subprocess
from pathlib import Path

# What `tempfile` made under these names belongs to one run; everything else (the wrappers of Go modules) is kept.
TEMPORARY = ("bookworm-", "context-", "load-", "promtool-", "trixie-")


def folder(cache: Path) -> Path:
    """The folder; made where it is missing."""
    made = cache / "build"
    made.mkdir(parents=True, exist_ok=True)
    return made


def clear(cache: Path) -> None:
    """Take away what a killed run left. Called by the only run there is."""
    left = [path for prefix in TEMPORARY for path in folder(cache).glob(f"{prefix}*") if path.is_dir()]
    if left:
        # A killed debootstrap leaves /proc mounted in its root: nothing of another file system may be touched.
        subprocess.run(["rm", "-rf", "--one-file-system", *left], capture_output=True, check=False)
