"""How a process refuses to start without what it needs."""

from typing import Self

import pytest
from pydantic import SecretStr, model_validator

from usecase_runtime.settings import RuntimeSettings, load, otlp_endpoint, required_unless_debug


class Sample(RuntimeSettings):
    database_url: SecretStr
    workers: int = 1
    internal_token: SecretStr | None = None

    @model_validator(mode="after")
    def _credential(self) -> Self:
        required_unless_debug("INTERNAL_TOKEN", self.internal_token, self.debug)
        return self


def test_variables_become_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere")
    monkeypatch.setenv("DEBUG", "true")
    settings = load(Sample)
    assert (settings.database_url.get_secret_value(), settings.workers) == ("postgresql://somewhere", 1)


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        pytest.param({"DEBUG": "true"}, "DATABASE_URL: is not set", id="missing"),
        pytest.param({"DATABASE_URL": "", "DEBUG": "true"}, "DATABASE_URL: is not set", id="empty is missing"),
        pytest.param({"DATABASE_URL": "x", "WORKERS": "many"}, "WORKERS: Input should be a valid integer", id="type"),
        pytest.param({"DATABASE_URL": "x", "METRICS_PORT": "70000"}, "METRICS_PORT: ", id="out of range"),
        pytest.param({"DATABASE_URL": "x", "LOG_LEVEL": "loud"}, "LOG_LEVEL: ", id="no such level"),
        pytest.param(
            {"DATABASE_URL": "x"}, "INTERNAL_TOKEN is not set: set it, or DEBUG=true for development", id="credential"
        ),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_variable(
    environment: dict[str, str], line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit) as stopped:
        load(Sample)
    said = capsys.readouterr().err.strip()
    assert stopped.value.code == 2
    assert said.startswith(line)
    assert "\n" not in said


def test_a_wrong_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hunter2@somewhere")
    monkeypatch.setenv("WORKERS", "many")
    with pytest.raises(SystemExit):
        load(Sample)
    assert "hunter2" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("otlp", "jaeger", "endpoint"),
    [
        pytest.param(None, None, None, id="no traces"),
        pytest.param("http://collector:4318", None, "http://collector:4318", id="OTLP"),
        pytest.param(None, "http://jaeger:14268/api/traces", "http://jaeger:4318", id="the seed's Jaeger"),
        pytest.param("http://collector:4318", "http://jaeger:14268", "http://collector:4318", id="OTLP wins"),
    ],
)
def test_traces_go_to_the_collector_of_either_variable(
    otlp: str | None, jaeger: str | None, endpoint: str | None
) -> None:
    settings = RuntimeSettings(otel_exporter_otlp_endpoint=otlp, jaeger_endpoint=jaeger)
    assert otlp_endpoint(settings) == endpoint
