"""How a process refuses to start without what it needs."""

from typing import Annotated

import pytest
from pydantic import SecretStr

from usecase_runtime.settings import RuntimeSettings, load, otlp_endpoint, required_unless_debug, url


class Sample(RuntimeSettings):
    database_url: SecretStr
    workers: int = 1
    internal_token: SecretStr | None = None

    _credential = required_unless_debug("internal_token")


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
        pytest.param(
            {"DATABASE_URL": "x", "INTERNAL_TOKEN": "change-me-hunter2"},
            "INTERNAL_TOKEN is a placeholder that everybody knows: set one of your own (openssl rand -base64 48)",
            id="placeholder",
        ),
        pytest.param({"DATABASE_URL": "x", "HOST": "localhost"}, "HOST: Input is not a valid IPv4", id="a name"),
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


def test_a_placeholder_is_good_enough_for_development(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in {"DATABASE_URL": "x", "INTERNAL_TOKEN": "change-me", "DEBUG": "true"}.items():
        monkeypatch.setenv(variable, value)
    assert load(Sample).internal_token == SecretStr("change-me")


def test_a_placeholder_is_not_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", "x")
    monkeypatch.setenv("INTERNAL_TOKEN", "change-me-hunter2")
    with pytest.raises(SystemExit):
        load(Sample)
    assert "hunter2" not in capsys.readouterr().err


def test_a_container_is_reached_from_outside_unless_it_is_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(load(RuntimeSettings).host) == "0.0.0.0"
    monkeypatch.setenv("HOST", "127.0.0.1")
    assert str(load(RuntimeSettings).host) == "127.0.0.1"


def test_a_wrong_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hunter2@somewhere")
    monkeypatch.setenv("WORKERS", "many")
    with pytest.raises(SystemExit):
        load(Sample)
    assert "hunter2" not in capsys.readouterr().err


class Addressed(RuntimeSettings):
    broker: Annotated[SecretStr, url("amqp", "amqps")]


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("amqp://rabbitmq", id="a host"),
        pytest.param("amqps://guest:p%2Fss@rabbitmq:5671/vhost?x=/y", id="everything"),
        pytest.param("amqp://guest:a:b@[::1]:5672/", id="IPv6"),
        pytest.param("amqp://one:1,two:2,three/", id="three hosts"),
        pytest.param("AMQP://rabbitmq", id="capitals"),
    ],
)
def test_an_address_is_taken_as_it_is(address: str) -> None:
    assert Addressed(broker=SecretStr(address)).broker.get_secret_value() == address


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        pytest.param("hunter2", "must begin with amqp:// or amqps://", id="a word"),
        pytest.param("rabbitmq:5672", "must begin with amqp:// or amqps://", id="no scheme"),
        pytest.param("http://guest:hunter2@rabbitmq", "must begin with amqp:// or amqps://", id="another scheme"),
        pytest.param("amqp://", "names no host", id="nothing behind it"),
        pytest.param("amqp://guest:hunter2@/vhost", "names no host", id="no host"),
        pytest.param("amqp://guest:hunter2@:5672", "names no host", id="a port alone"),
        pytest.param("amqp://guest:hun/ter2@rabbitmq", "names no host", id="a slash in the password"),
        pytest.param("amqp://guest:hunter2@rabbitmq:amqp", "names no host", id="a port by name"),
        pytest.param("amqp://guest:hunter2@rabbitmq:70000", "names no host", id="no such port"),
        pytest.param("amqp://guest:hunter2@one,,two", "names no host", id="a gap between hosts"),
        pytest.param("amqp://guest:hunter2\u2100@rabbit mq", "names no host", id="a space"),
    ],
)
def test_what_is_no_address_is_said_without_it(
    address: str, reason: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BROKER", address)
    with pytest.raises(SystemExit) as stopped:
        load(Addressed)
    (said,) = capsys.readouterr().err.splitlines()
    assert stopped.value.code == 2
    assert said.startswith(f"BROKER: {reason}")
    assert not any(part in said for part in ("hunter2", "ter2", "guest"))


@pytest.mark.parametrize("variable", ["JAEGER_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"])
def test_a_collector_is_an_address(
    variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, "jaeger:14268")
    with pytest.raises(SystemExit):
        load(RuntimeSettings)
    assert capsys.readouterr().err == f"{variable}: must begin with http:// or https://\n"


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
