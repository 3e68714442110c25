"""`services/.env.example` lists every variable that any service's Settings reads, each with its meaning."""

import importlib
import re
from pathlib import Path

import pytest
from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

SERVICES = Path(__file__).parents[2] / "services"
PACKAGES = sorted(file.parent.name for file in SERVICES.glob("*/src/usecase_*/settings.py"))
ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]*)=")


def meanings() -> dict[str, str]:
    """Variable → the comment right above it."""
    found: dict[str, str] = {}
    comment: list[str] = []
    for line in (SERVICES / ".env.example").read_text().splitlines():
        if match := ASSIGNMENT.match(line):
            found[match[1]] = " ".join(comment)
        comment = [*comment, line.lstrip("# ")] if line.startswith("# ") else []
    return found


def variables(name: str, field: FieldInfo) -> list[str]:
    """The environment variables that set a field."""
    alias = field.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias or name]
    return [str(choice).upper() for choice in choices]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_setting_is_listed_with_its_meaning(package: str) -> None:
    settings: type[BaseSettings] = importlib.import_module(f"{package}.settings").Settings
    listed = meanings()
    missing = [
        variable
        for name, field in settings.model_fields.items()
        for variable in variables(name, field)
        if not listed.get(variable)
    ]
    assert missing == []


def test_the_data_services_are_among_the_checked() -> None:
    assert {"usecase_postgres_data", "usecase_mongo_data"} <= set(PACKAGES)
