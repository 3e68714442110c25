"""The reference page says what the CRD says."""

import importlib.util
from types import ModuleType

from crd_fields import DEFINITION, RULES
from usecases import ROOT


def generator() -> ModuleType:
    found = importlib.util.spec_from_file_location(
        "generate_crd_reference", ROOT / "docs" / "generate_crd_reference.py"
    )
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_page_is_what_the_generator_writes() -> None:
    page = (ROOT / "docs" / "reference" / "usecase.md").read_text(encoding="utf-8")

    assert page == generator().page(DEFINITION), "run `python docs/generate_crd_reference.py`"


def test_every_rule_stands_on_the_page() -> None:
    page = generator().page(DEFINITION)

    assert [rule["message"] for _, rule in RULES if generator()._cell(rule["message"]) not in page] == []
