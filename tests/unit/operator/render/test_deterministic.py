"""The same spec is always the same manifests: in whatever order its fields arrive, and in whatever process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import given, settings

from drawn_specs import drawn, specs
from usecase_operator.cli import stand_in
from usecase_operator.metadata import Manifest
from usecase_operator.model import parse
from usecase_operator.offline import admitted
from usecase_operator.render import render
from usecases import BROKER, body, schema

PLACED = {"spec": {"nodeSelector": {"disk": "fast"}, "tolerations": [{"key": "spot", "operator": "Exists"}]}}


def rendered(spec: dict[str, Any]) -> list[Manifest]:
    usecase = parse(admitted({**body(), "spec": spec}, schema()))
    return render(usecase, stand_in(usecase, keda=True))


def turned(value: Any) -> Any:
    """*value* with the fields of every object in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(each) for key, each in reversed(value.items())}
    return [turned(each) for each in value] if isinstance(value, list) else value


@given(specs(PLACED, BROKER))
@settings(deadline=None)
def test_the_order_of_fields_means_nothing(spec: dict[str, Any]) -> None:
    assert rendered(spec) == rendered(turned(spec))


def test_two_processes_render_the_same() -> None:
    """Sets of words have another order in each process: none may show."""
    given_specs = json.dumps(drawn(50, 1, PLACED, BROKER))

    def printed(hash_seed: int) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, str(Path(__file__))]
        return subprocess.run(
            command, input=given_specs, env=environment, capture_output=True, text=True, check=True
        ).stdout

    first = printed(1)
    assert len(json.loads(first)) == 50
    assert printed(2) == first


def test_what_is_drawn_does_not_depend_on_the_tests_beside() -> None:
    loaded = "import json, drawn_specs, usecase_operator.main; print(json.dumps(drawn_specs.drawn(20, 2, {}, {})))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    bare = loaded.replace(", usecase_operator.main", "")
    first, second = (
        subprocess.run([sys.executable, "-c", each], env=environment, stdout=subprocess.PIPE, text=True, check=True)
        for each in (loaded, bare)
    )
    assert len(json.loads(first.stdout)) == 20
    assert first.stdout == second.stdout


if __name__ == "__main__":
    json.dump([rendered(each) for each in json.load(sys.stdin)], sys.stdout)
