"""The full render of every example, kept in `unit/operator/golden/`: a reviewer sees what a change does to a cluster.

`make golden` runs this module and rewrites them; a unit test holds them against the code.
"""

from collections.abc import Iterable
from pathlib import Path

from usecase_operator.cli import as_yaml, stand_in
from usecase_operator.metadata import Manifest
from usecase_operator.render import render
from usecases import EXAMPLES, example

FOLDER = Path(__file__).parent / "unit" / "operator" / "golden"


def golden(name: str) -> Path:
    return FOLDER / f"{name}.yaml"


def rendered(name: str) -> str:
    """What a cluster with KEDA gets for the example *name*; passwords are words."""
    usecase = example(name)
    return as_yaml(render(usecase, stand_in(usecase, keda=True)))


def without_node_ports(manifests: Iterable[Manifest]) -> None:
    """A number that a Service names is there once in a cluster, and `make up` may have taken it."""
    for each in manifests:
        for port in each["spec"].get("ports", ()) if each["kind"] == "Service" else ():
            port.pop("nodePort", None)


def main() -> None:
    for name in EXAMPLES:
        golden(name).write_text(rendered(name), encoding="utf-8")


if __name__ == "__main__":
    main()
