"""`services/.env.example` lists every variable that any service's Settings reads, once and with its meaning, and no
other: a line that nobody reads would be a promise.
"""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from usecase_runtime.settings import PLACEHOLDERS, load

SERVICES = Path(__file__).parents[2] / "services"
PACKAGES = sorted(file.parent.name for file in SERVICES.glob("*/src/usecase_*/settings.py"))
ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]*)=")


LINES = (SERVICES / ".env.example").read_text(encoding="utf-8").splitlines()
VALUES = dict(line.split("=", 1) for line in LINES if ASSIGNMENT.match(line))


def meanings() -> dict[str, str]:
    """Variable → the comment right above it."""
    found: dict[str, str] = {}
    comment: list[str] = []
    for line in LINES:
        if match := ASSIGNMENT.match(line):
            found[match[1]] = " ".join(comment)
        comment = [*comment, line.lstrip("# ")] if line.startswith("# ") else []
    return found


def variables(name: str, field: FieldInfo) -> list[str]:
    """The environment variables that set a field."""
    alias = field.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias or name]
    return [str(choice).upper() for choice in choices]


def read_by(package: str) -> list[str]:
    """Every variable that a service understands."""
    settings: type[BaseSettings] = importlib.import_module(f"{package}.settings").Settings
    return [each for name, field in settings.model_fields.items() for each in variables(name, field)]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_setting_is_listed_with_its_meaning(package: str) -> None:
    listed = meanings()
    assert [variable for variable in read_by(package) if not listed.get(variable)] == []


def test_nothing_is_listed_that_no_service_reads() -> None:
    assert set(meanings()) - {variable for package in PACKAGES for variable in read_by(package)} == set()


def test_a_variable_stands_once() -> None:
    names = [found[1] for line in LINES if (found := ASSIGNMENT.match(line))]
    assert sorted(names) == sorted(set(names))


def credentials() -> Iterator[Any]:
    """Each service with each of its variables that the example gives a placeholder."""
    for package in PACKAGES:
        for variable in read_by(package):
            if VALUES[variable].startswith(PLACEHOLDERS):
                yield pytest.param(package, variable, id=f"{package} {variable}")


@pytest.mark.parametrize(("package", "variable"), list(credentials()))
def test_what_the_example_gives_away_is_for_development_only(
    package: str, variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = {name: "k" * 40 if value.startswith(PLACEHOLDERS) else value for name, value in VALUES.items()}
    for name, value in (own | {variable: VALUES[variable], "DEBUG": "false"}).items():
        monkeypatch.setenv(name, value)
    settings = importlib.import_module(f"{package}.settings").Settings
    with pytest.raises(SystemExit):
        load(settings)
    assert capsys.readouterr().err.startswith(f"{variable} is a placeholder")
    monkeypatch.setenv(variable, "k" * 40)
    assert load(settings)


def test_every_service_has_a_credential_that_is_checked() -> None:
    assert {package for package, _ in (each.values for each in credentials())} == set(PACKAGES)


def test_every_backends_password_stands_in_its_address() -> None:
    backends = ("DATABASE_URL", "MONGODB_URL", "REDIS_URL", "RABBITMQ_URL")
    assert [name for name in backends if not urlsplit(VALUES[name]).password] == []


def test_the_data_services_are_among_the_checked() -> None:
    assert {"usecase_postgres_data", "usecase_mongo_data"} <= set(PACKAGES)
