"""docs/reference/seed-coverage.md has one row for each of the 170 features of the original design, and its words hold.

Also the few rows that are about the repository itself: what lies where, what a service may depend on.
"""

import re
import tomllib

import pytest

from pages import in_code, missing_paths, missing_tests, named_tests
from usecase_http import client
from usecases import ROOT, example_body

PAGE = (ROOT / "docs" / "reference" / "seed-coverage.md").read_text(encoding="utf-8")
FEATURES = 170
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)
ROWS = {int(number): (feature, where, shown) for number, feature, where, shown in ROW.findall(PAGE)}
NOT_YET = "not shown yet: "

SERVICES = ("api", "bot", "reminder-worker", "analytics-worker", "postgres-data", "mongo-data")
DATA_SERVICES = ("postgres-data", "mongo-data")
DRIVERS = {"asyncpg", "psycopg", "psycopg2", "sqlalchemy", "motor", "pymongo"}
FRAMEWORKS = {"fastapi", "aiogram", "flask", "django", "starlette"}


def test_every_feature_has_one_row() -> None:
    assert [int(number) for number, *_ in ROW.findall(PAGE)] == list(range(1, FEATURES + 1))


@pytest.mark.parametrize("number", range(1, FEATURES + 1))
def test_a_row_says_where_and_what_shows_it(number: int) -> None:
    _, where, shown = ROWS[number]

    assert in_code(where) != []
    assert missing_paths(where) + missing_tests(shown) == []
    assert named_tests(shown) or re.match(rf"(decided: |{NOT_YET})\w", shown)


def test_the_numbers_at_the_top_are_counted() -> None:
    said = re.search(r"^Shown by tests: (\d+)\. .*decision: (\d+)\. Not shown yet: (\d+)\.$", PAGE, re.MULTILINE)
    counted = (
        sum(bool(named_tests(shown)) for *_, shown in ROWS.values()),
        sum("decided: " in shown for *_, shown in ROWS.values()),
        sum(shown.startswith(NOT_YET) for *_, shown in ROWS.values()),
    )

    assert said
    assert tuple(map(int, said.groups())) == counted


def test_a_local_env_file_is_ignored() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_seeds_test_files_are_there() -> None:
    room = ROOT / "tests" / "integration" / "services"

    assert {f"test_{name}.py" for name in ("integration", "api_service", "bot_service", "workers")} <= {
        path.name for path in room.glob("test_*.py")
    }


def installed(service: str) -> set[str]:
    """Every package in a service's image, those that its own packages bring too."""
    pinned = (ROOT / "requirements" / f"{service}.txt").read_text(encoding="utf-8")
    return {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", pinned, re.MULTILINE)}


def test_only_data_services_name_a_driver() -> None:
    stores = {
        each["name"]: each["type"] for each in example_body("task-management")["spec"]["infrastructure"]["stores"]
    }
    for component in example_body("task-management")["spec"]["components"]:
        uses = {stores[each["store"]] for each in component.get("uses", ()) if "store" in each}
        if component["name"] in DATA_SERVICES:
            assert installed(component["name"]) & DRIVERS
        else:
            assert installed(component["name"]) & DRIVERS == set()
            assert uses <= {"Cache"}


def test_each_service_has_one_framework() -> None:
    declared = {}
    for service in SERVICES:
        project = tomllib.loads((ROOT / "services" / service / "pyproject.toml").read_text(encoding="utf-8"))
        names = {re.split(r"[^A-Za-z0-9_-]", each)[0] for each in project["project"]["dependencies"]}
        declared[service] = names & FRAMEWORKS

    assert declared["bot"] == {"aiogram"}
    assert "aiogram" not in set().union(*(declared[each] for each in SERVICES if each != "bot"))
    assert {service: "fastapi" in installed(service) for service in SERVICES} == {
        service: service in ("api", *DATA_SERVICES) for service in SERVICES
    }


async def test_the_client_has_the_seeds_limits() -> None:
    async with client.http_client("http://127.0.0.1:1") as made:
        connector = made._session.connector

        assert connector
        assert connector.limit == 100
        assert made._seconds == 30
    assert (client.ATTEMPTS, client.FIRST_WAIT_SECONDS) == (3, 0.5)
