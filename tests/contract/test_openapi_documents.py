"""The checked-in OpenAPI documents of the HTTP services are what their code says now."""

import importlib.util
from types import ModuleType

import pytest

from usecases import ROOT

DOCUMENTS = ROOT / "docs" / "reference" / "openapi"


def generator() -> ModuleType:
    found = importlib.util.spec_from_file_location("generate_openapi", ROOT / "docs" / "generate_openapi.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("service", ["api", "postgres-data", "mongo-data"])
def test_the_document_is_fresh(service: str) -> None:
    written = (DOCUMENTS / f"{service}.json").read_text(encoding="utf-8")
    assert written == generator().document(service), "see the command at the top of docs/generate_openapi.py"
