"""Tests of settings start from an empty environment, whatever the developer's shell has set."""

import os

import pytest

NEEDED_BY_PYTHON = {"PATH", "HOME", "TMPDIR", "LANG"}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in set(os.environ) - NEEDED_BY_PYTHON:
        monkeypatch.delenv(variable)
