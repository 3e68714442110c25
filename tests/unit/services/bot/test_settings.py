"""What the bot takes from env, and what it says to what it cannot take."""

import pytest

from usecase_bot.settings import Settings
from usecase_runtime.settings import load

ENV = {
    "BOT_TOKEN": "123456789:AAE-secret_part",
    "BOT_CREDENTIAL": "secret",
    "API_SERVICE_URL": "http://api:8000",
    "RABBITMQ_URL": "amqp://guest:guest@rabbitmq:5672/",
}


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in (ENV | variables).items():
        monkeypatch.setenv(name, value)
    return load(Settings)


def test_little_has_to_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    known = settings(monkeypatch)
    assert str(known.bot_api_server) == "https://api.telegram.org/"
    assert (known.max_file_size, known.bot_timezone) == (10_485_760, "UTC")
    assert "application/pdf" in known.allowed_file_types


def test_types_of_files_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    known = settings(monkeypatch, ALLOWED_FILE_TYPES="image/PNG, text/plain")
    assert known.allowed_file_types == {"image/png", "text/plain"}


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"BOT_TOKEN": ""}, "BOT_TOKEN: is not set: @BotFather gives one"),
        ({"BOT_TOKEN": "your-token"}, "BOT_TOKEN: is no Telegram bot token"),
        ({"BOT_CREDENTIAL": ""}, "BOT_CREDENTIAL is not set"),
        ({"API_SERVICE_URL": "api"}, "API_SERVICE_URL: "),
        ({"BOT_API_SERVER": "api.telegram.org"}, "BOT_API_SERVER: "),
        ({"RABBITMQ_URL": ""}, "RABBITMQ_URL: is not set"),
        ({"RABBITMQ_URL": "http://rabbitmq"}, "RABBITMQ_URL: must begin with amqp:// or amqps://"),
        ({"BOT_TIMEZONE": "Berlin"}, "BOT_TIMEZONE: 'Berlin' is no time zone"),
        ({"MAX_FILE_SIZE": "0"}, "MAX_FILE_SIZE: "),
    ],
)
def test_a_wrong_environment_is_one_line_that_names_the_variable(
    variables: dict[str, str], line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        settings(monkeypatch, **variables)
    (said,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert said.startswith(line)


def test_a_wrong_token_is_not_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        settings(monkeypatch, BOT_TOKEN="123:with space-secret")
    assert "secret" not in capsys.readouterr().err


def test_the_credential_may_be_missing_in_development(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(monkeypatch, BOT_CREDENTIAL="", DEBUG="true").bot_credential is None
