"""The how-to for a cluster of one's own builds, pushes or copies every image that the charts name, by that name."""

from collections.abc import Iterator
from typing import Any

import yaml

from usecases import ROOT

PAGE = (ROOT / "docs" / "how-to" / "your-own-cluster.md").read_text(encoding="utf-8")
CHARTS = (ROOT / "charts" / "usecase-operator", ROOT / "charts" / "task-management")
OURS = "usecase.local/"


def named(node: Any) -> Iterator[tuple[str, str]]:
    """(repository, tag) of every image in a chart's values; a tag that is left out is the chart's appVersion."""
    if isinstance(node, dict):
        if node.get("repository"):
            yield node["repository"], node["tag"]
        for value in node.values():
            yield from named(value)


def images() -> set[tuple[str, str]]:
    found = set()
    for chart in CHARTS:
        version = yaml.safe_load((chart / "Chart.yaml").read_text())["appVersion"]
        values = yaml.safe_load((chart / "values.yaml").read_text())
        found |= {(repository, tag or version) for repository, tag in named(values)}
    return found


def listed(before: str) -> set[str]:
    """Words of the shell loop over names that begins with *before*."""
    return set(PAGE.partition(f"for {before} in ")[2].partition(";")[0].split())


def test_every_image_of_ours_is_built_and_pushed() -> None:
    ours = {repository.removeprefix(OURS) for repository, _ in images() if repository.startswith(OURS)}

    assert listed("name") == ours
    assert listed("service") | {"operator", "bot-api"} == ours
    assert {tag for repository, tag in images() if repository.startswith(OURS)} == {"0.1.0"}
    assert PAGE.count(f"$REGISTRY/{OURS}") == PAGE.count(":0.1.0") == 4


def test_every_image_of_others_is_copied() -> None:
    others = {f"{repository}:{tag}" for repository, tag in images() if not repository.startswith(OURS)}

    assert listed("image") == others


def test_the_dockerfiles_take_the_arguments_that_it_gives() -> None:
    service = (ROOT / "services" / "Dockerfile").read_text()

    assert "ARG SERVICE" in service
    assert "ARG BASE=python:3.13-slim" in service
    assert "ARG BASE=python:3.13-slim" in (ROOT / "operator" / "Dockerfile").read_text()
    assert "ARG BASE=python:3.13-slim" in (ROOT / "tests" / "cluster" / "images" / "bot-api" / "Dockerfile").read_text()
