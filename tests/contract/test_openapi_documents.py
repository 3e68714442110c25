"""The checked-in OpenAPI documents of the HTTP services are what their code says now."""

import importlib
from pathlib import Path

import pytest

DOCUMENTS = Path(__file__).parents[2] / "docs" / "reference" / "openapi"


@pytest.mark.parametrize("service", ["api", "postgres-data", "mongo-data"])
def test_the_document_is_fresh(service: str) -> None:
    module = f"usecase_{service.replace('-', '_')}.openapi"
    document = importlib.import_module(module).document()
    written = (DOCUMENTS / f"{service}.json").read_text()
    assert written == document, f"python -m {module} > docs/reference/openapi/{service}.json"
