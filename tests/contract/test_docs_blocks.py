"""Resources that the how-tos show are taken by the CRD's schema and rendered by the operator.

A block that is marked `yaml usecase` is a whole UseCase. Blocks marked `yaml merge` are added, in their order, to the
reference use case.
"""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from usecase_operator.cli import stand_in
from usecase_operator.model import parse
from usecase_operator.offline import admitted
from usecase_operator.render import render
from usecases import ROOT, example_body, schema

PAGES = sorted((ROOT / "docs").rglob("*.md"))
COMMAND = re.compile(r"-m usecase_operator render -f (crds/[\w/.-]+)")


def blocks(page: Path, mark: str) -> list[dict[str, Any]]:
    found = re.findall(rf"^```yaml {mark}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [yaml.safe_load(text) for text in found]


def added(body: Any, more: Any) -> Any:
    """Maps are merged, lists appended."""
    if isinstance(body, dict):
        return body | {key: added(body[key], value) if key in body else value for key, value in more.items()}
    return [*body, *more] if isinstance(body, list) else more


def rendered(body: dict[str, Any]) -> set[str]:
    """`Kind/name` of everything the operator would make."""
    usecase = parse(admitted({**body, "metadata": {"namespace": "default", **body["metadata"]}}, schema()))
    return {f"{each['kind']}/{each['metadata']['name']}" for each in render(usecase, stand_in(usecase, keda=True))}


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "usecase")], ids=lambda page: page.stem)
def test_a_whole_use_case_is_rendered(page: Path) -> None:
    for body in blocks(page, "usecase"):
        made = rendered(body)
        assert {f"Deployment/{body['metadata']['name']}-{each['name']}" for each in body["spec"]["components"]} <= made


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "merge")], ids=lambda page: page.stem)
def test_what_is_to_be_added_fits_the_reference_use_case(page: Path) -> None:
    body, names = copy.deepcopy(example_body("task-management")), []
    for block in blocks(page, "merge"):
        body = added(body, block)
        names += [each["name"] for each in block["spec"].get("components", ())]
    assert {f"Deployment/task-management-{name}" for name in names} <= rendered(body)
    assert names


def test_files_that_are_rendered_exist() -> None:
    named = {name for page in PAGES for name in COMMAND.findall(page.read_text(encoding="utf-8"))}

    assert [name for name in named if not (ROOT / name).is_file()] == []
    assert named
