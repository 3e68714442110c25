"""The mark that the last step of a creation leaves in the control-plane node: what the cluster was made with.

`kind` writes it, and the bring-up reads it before anything else, also where the node stands still: a cluster without
one is the rest of an interrupted run.
"""

import json
import subprocess
from dataclasses import asdict, dataclass, fields

from cluster.errors import ClusterError
from cluster.settings import Settings

PLACE = "/kind/usecase-cluster.json"
# For a shell in the node, the mark on its standard input: moved into place, so that it is whole where it is.
WRITE = f"cat > {PLACE}.new && mv {PLACE}.new {PLACE}"


@dataclass(frozen=True)
class Mark:
    """What can't be changed any more."""

    api_port: int
    workers: int
    image: str
    version: str

    def text(self) -> str:
        return json.dumps(asdict(self))

    def refuse_other(self, settings: Settings) -> None:
        """ClusterError where a variable that is set asks for something else; what is not set is taken as it is."""
        asked: dict[str, tuple[object, object]] = {
            "WORKERS": (self.workers, settings.workers),
            "API_PORT": (self.api_port, settings.api_port),
            "KUBERNETES_VERSION": (self.version, settings.kubernetes_version),
            "NODE_IMAGE": (self.image, settings.node_image),
        }
        for name, (has, wants) in asked.items():
            if name in settings.asked and has != wants:
                raise ClusterError(
                    f"{name}={wants}: cluster {settings.cluster} runs with {name}={has}, fixed at creation; "
                    f"go on with {name}={has}, or `make cluster-down` first"
                )


def read(cluster: str) -> Mark | None:
    """The mark of that cluster; None where there is none that can be read. `docker cp` reads a stopped node too."""
    command = ["docker", "cp", f"{cluster}-control-plane:{PLACE}", "-"]
    try:
        copy = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:  # no docker
        return None
    return parse(copy.stdout) if copy.returncode == 0 else None


def parse(archive: bytes) -> Mark | None:
    """*archive*: a tar stream of one small file, whose content stands between the header block and the padding."""
    try:
        content = json.loads(archive[512:].split(b"\0", 1)[0])
    except ValueError:
        return None
    return Mark(**{field.name: content[field.name] for field in fields(Mark)})
