"""docs/how-to/from-docker-compose.md says of each feature of compose what takes its place, and which test shows it."""

import pytest

from pages import missing_tests, named_tests, table
from usecases import ROOT

PAGE = (ROOT / "docs" / "how-to" / "from-docker-compose.md").read_text(encoding="utf-8")
ROWS = table(PAGE, "## The table")
# What the compose file and the commands of the stack before this one used.
FEATURES = [
    "build:", "command:", "depends_on:", "env_file", "environment:", "extends:", "healthcheck:", "networks:", "ports:",
    "restart:", "services:", "volumes:", "up -d", "logs -f", "--scale", "nginx.conf", "override.yml",
]  # fmt: skip


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_has_a_row(feature: str) -> None:
    assert [row[0] for row in ROWS if feature in row[0]] != []


def test_every_row_names_tests_that_exist() -> None:
    assert [row[0] for row in ROWS if not named_tests(row[-1]) or missing_tests(row[-1])] == []
