"""Three things name MongoDB operations: the page of the subset, the test that runs it, and mongo-data. They agree."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from motor.motor_asyncio import AsyncIOMotorCollection

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "mongodb-subset.md"
RUN = ROOT / "tests" / "integration" / "backends" / "test_mongodb_subset.py"
SERVICE = ROOT / "services" / "mongo-data" / "src"

# Every operation that a collection of the driver offers. `drop` belongs to tests and is no operation of a service.
METHODS = {name for name in dir(AsyncIOMotorCollection) if not name.startswith("_")} - {"drop", "name", "database"}


def listed() -> set[str]:
    """What the page allows: everything in backticks in the first column of its tables, up to what is left out."""
    tables = PAGE.read_text().split("## What is left out")[0]
    cells = re.findall(r"^\| ([^|]+) \|", tables, flags=re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


def operations(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of every MongoDB operator and of every method of a collection in *source*."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            yield node.lineno, node.func.attr
        # "$set" is an operator; "$at" and "$at.day" name fields, and stand as values or list items, never as keys.
        if isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value.startswith("$"):
                    yield key.lineno, key.value


def strangers(source: str) -> list[str]:
    allowed = listed()
    return [f"line {line}: {name}" for line, name in operations(source) if name not in allowed]


def test_the_page_lists_methods_and_operators() -> None:
    methods = {name for name in listed() if not name.startswith("$")}
    assert methods <= METHODS
    assert {"insert_many", "bulk_write", "aggregate"} <= methods
    assert {"$set", "$in", "$group", "$facet"} <= listed()


def test_every_listed_operation_is_run_against_a_server() -> None:
    run = {name for _, name in operations(RUN.read_text())}
    run |= set(re.findall(r'parametrize\("by", \[(.+?)\]', RUN.read_text())[0].replace('"', "").split(", "))
    assert listed() - run == set()


def test_nothing_is_run_that_is_not_listed() -> None:
    assert strangers(RUN.read_text()) == []


def test_mongo_data_keeps_to_the_subset() -> None:
    modules = sorted(SERVICE.rglob("*.py"))
    assert modules, f"{SERVICE} holds no module"
    assert {str(path.relative_to(SERVICE)): found for path in modules if (found := strangers(path.read_text()))} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("store.update_one({}, {'$set': {'a': '$b'}})", []),
        ("store.aggregate([{'$group': {'_id': '$day', 'n': {'$sum': 1}}}])", []),
        ("store.aggregate([{'$lookup': {}}])", ["line 1: $lookup"]),
        ("store.drop_index('ttl')", ["line 1: drop_index"]),
        ("store.find_one_and_delete({})", ["line 1: find_one_and_delete"]),
        ("query = {'tags': {'$elemMatch': {}}}", ["line 1: $elemMatch"]),
    ],
)
def test_what_the_scan_finds(source: str, found: list[str]) -> None:
    assert strangers(source) == found
