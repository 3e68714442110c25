"""docs/reference/http-api.md is what its generator writes, and has every route of every service."""

import importlib.util
import json
from types import ModuleType

from pages import in_code
from usecases import ROOT

PAGE = (ROOT / "docs" / "reference" / "http-api.md").read_text(encoding="utf-8")
OPENAPI = sorted((ROOT / "docs" / "reference" / "openapi").glob("*.json"))


def generator() -> ModuleType:
    found = importlib.util.spec_from_file_location("http_reference", ROOT / "docs" / "generate_http_reference.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_page_is_what_the_generator_writes() -> None:
    assert generator().page() == PAGE, "run `python3 docs/generate_http_reference.py`"


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    routes = [
        f"{method.upper()} {path}"
        for document in OPENAPI
        for path, methods in json.loads(document.read_text(encoding="utf-8"))["paths"].items()
        for method in methods
    ]
    listed = [in_code(line)[0] for line in PAGE.splitlines() if line.startswith("| `")]

    assert sorted(listed) == sorted(routes)
