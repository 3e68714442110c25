"""What env may be, and how a wrong one is said."""

import pytest

from usecase_api.settings import Settings
from usecase_runtime.settings import load

GOOD = {
    "DATABASE_SERVICE_URL": "http://db_postgres_service:8001",
    "ANALYTICS_SERVICE_URL": "http://db_mongo_service:8002",
    "REDIS_URL": "redis://:redis123@redis:6379/0",
    "SECRET_KEY": "k" * 32,
    "INTERNAL_TOKEN": "internal",
    "BOT_CREDENTIAL": "bot",
}


def read(monkeypatch: pytest.MonkeyPatch, **changed: str | None) -> Settings:
    for name, value in (GOOD | changed).items():
        if value is not None:
            monkeypatch.setenv(name, value)
    return load(Settings)


def test_the_seeds_addresses_and_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)
    assert str(settings.database_service_url).rstrip("/") == GOOD["DATABASE_SERVICE_URL"]
    assert (settings.port, settings.max_tasks_per_page, settings.max_concurrent_requests) == (8000, 50, 50)
    assert settings.allowed_hosts == ()


def test_development_needs_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, SECRET_KEY=None, INTERNAL_TOKEN=None, BOT_CREDENTIAL=None, DEBUG="true")
    assert settings.secret_key is None
    assert read(monkeypatch, SECRET_KEY="short", DEBUG="true").secret_key is not None


def test_several_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, ALLOWED_HOSTS="https://a.example, http://localhost:3000")
    assert settings.allowed_hosts == ("https://a.example", "http://localhost:3000")
    assert read(monkeypatch, ALLOWED_HOSTS="*").allowed_hosts == ("*",)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        pytest.param({"SECRET_KEY": None}, "SECRET_KEY is not set", id="no key"),
        pytest.param({"SECRET_KEY": ""}, "SECRET_KEY is not set", id="an empty key"),
        pytest.param({"SECRET_KEY": "k" * 31}, "SECRET_KEY signs every login", id="a short key"),
        pytest.param({"SECRET_KEY": "change-me-" + "x" * 40}, "SECRET_KEY is a placeholder", id="a placeholder"),
        pytest.param({"INTERNAL_TOKEN": None}, "INTERNAL_TOKEN is not set", id="no internal credential"),
        pytest.param({"BOT_CREDENTIAL": None}, "BOT_CREDENTIAL is not set", id="no credential of the bot"),
        pytest.param({"BOT_CREDENTIAL": "Your-credential"}, "BOT_CREDENTIAL is a placeholder", id="another one"),
        pytest.param({"REGISTRATIONS_PER_ADDRESS": "0"}, "REGISTRATIONS_PER_ADDRESS: ", id="no registrations"),
        pytest.param({"DATABASE_SERVICE_URL": None}, "DATABASE_SERVICE_URL: is not set", id="no postgres-data"),
        pytest.param({"ANALYTICS_SERVICE_URL": "mongo:8002"}, "ANALYTICS_SERVICE_URL: ", id="an address without http"),
        pytest.param({"REDIS_URL": "http://redis"}, "REDIS_URL: must begin with redis://", id="Redis by HTTP"),
        pytest.param({"REDIS_URL": "redis://:redis123@/0"}, "REDIS_URL: names no host", id="Redis nowhere"),
        pytest.param({"MAX_TASKS_PER_PAGE": "0"}, "MAX_TASKS_PER_PAGE: ", id="pages of nothing"),
        pytest.param({"MAX_TASKS_PER_PAGE": "many"}, "MAX_TASKS_PER_PAGE: ", id="a number in words"),
        pytest.param({"ACCESS_TOKEN_EXPIRE_MINUTES": "-1"}, "ACCESS_TOKEN_EXPIRE_MINUTES: ", id="tokens of the past"),
        pytest.param({"TRUSTED_PROXIES": "10.0.0.0/8,proxy"}, "TRUSTED_PROXIES", id="a proxy by name"),
        pytest.param({"TRUSTED_PROXIES": "10.1.2.3/8"}, "TRUSTED_PROXIES", id="a network with bits of a host"),
        pytest.param({"ALLOWED_HOSTS": "example.com"}, "ALLOWED_HOSTS: 'example.com' is neither", id="no origin"),
        pytest.param({"ALLOWED_HOSTS": "https://a.example/x"}, "ALLOWED_HOSTS: ", id="an origin with a path"),
        pytest.param({"ALLOWED_HOSTS": "*,https://a.example"}, "ALLOWED_HOSTS: * stands for every", id="all and one"),
    ],
)
def test_a_wrong_environment_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], changed: dict[str, str | None], line: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(monkeypatch, **changed)
    said = capfd.readouterr().err
    assert ended.value.code == 2
    assert said.startswith(line)
    assert said.count("\n") == 1


def test_secrets_are_not_repeated(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read(monkeypatch, SECRET_KEY="hunter2")
    assert "hunter2" not in capfd.readouterr().err
