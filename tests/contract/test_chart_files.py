"""What the charts and the operator carry is what it was generated from; what both charts have is the same in both."""

import importlib
import json
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from types import ModuleType
from typing import Any

import pytest
import yaml

from usecases import ROOT

CHARTS = ROOT / "charts"


@pytest.fixture
def generator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    yield importlib.import_module(request.param)
    sys.modules.pop(request.param, None)


@pytest.mark.parametrize("generator", ["generate_charts", "generate_values_schema"], indirect=True)
def test_generated_files_are_up_to_date(generator: ModuleType) -> None:
    stale = [
        str(path.relative_to(ROOT))
        for path, content in generator.generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]
    assert stale == [], f"run: python docs/{generator.__name__}.py"


def test_both_charts_ask_the_api_server_in_the_same_way() -> None:
    """Helm has no way to share a file between charts."""
    first, second = (
        CHARTS / name / "files" / "hooks" / "api_server.py" for name in ("usecase-operator", "task-management")
    )
    assert first.read_text() == second.read_text()


@pytest.mark.parametrize("generator", ["generate_values_schema"], indirect=True)
def test_every_rule_speaks_of_a_value(generator: ModuleType) -> None:
    rules = yaml.safe_load(generator.RULES.read_text(encoding="utf-8"))

    def paths(node: dict[str, Any], prefix: str = "") -> Iterator[str]:
        for key, value in node.items():
            yield f"{prefix}{key}"
            if isinstance(value, dict):
                yield from paths(value, f"{prefix}{key}.")

    known = [path for chart in generator.CHARTS for path in paths(yaml.safe_load((chart / "values.yaml").read_text()))]
    assert [pattern for pattern in rules["values"] if not any(fnmatchcase(path, pattern) for path in known)] == []
    schemas = [json.loads(text) for text in generator.generated().values()]
    assert set(rules["definitions"]) == {name for schema in schemas for name in schema["$defs"]}
