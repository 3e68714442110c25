"""docs/reference/environment.md is what its generator writes, and knows the operator's own variables."""

import importlib.util
import re
from types import ModuleType

from usecases import ROOT

COMMAND = "see the command at the top of docs/generate_environment_reference.py"


def generator() -> ModuleType:
    found = importlib.util.spec_from_file_location("environment", ROOT / "docs" / "generate_environment_reference.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_page_is_what_the_generator_writes() -> None:
    page = (ROOT / "docs" / "reference" / "environment.md").read_text(encoding="utf-8")

    assert page == generator().page(), COMMAND


def test_the_operators_own_variables_are_listed() -> None:
    source = (ROOT / "operator" / "src" / "usecase_operator" / "settings.py").read_text(encoding="utf-8")

    assert set(generator().OPERATOR) == set(re.findall(r'environment\.get\("(\w+)"', source))


def test_every_service_has_a_section() -> None:
    page = generator().page()
    services = {path.parent.name for path in (ROOT / "services").glob("*/pyproject.toml")}

    assert [name for name in services if f"\n## {name}\n" not in page] == []
