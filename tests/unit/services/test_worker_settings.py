"""What the workers take from env, and what they say to what they cannot take."""

from typing import Any

import pytest

from usecase_analytics_worker.settings import Settings as AnalyticsSettings
from usecase_reminder_worker.settings import Settings as ReminderSettings
from usecase_runtime.settings import load

ENV = {
    "RABBITMQ_URL": "amqp://guest:guest@rabbitmq:5672/",
    "DATABASE_SERVICE_URL": "http://postgres-data:8001",
    "ANALYTICS_SERVICE_URL": "http://mongo-data:8002",
    "INTERNAL_TOKEN": "secret",
}


def settings(kind: Any, monkeypatch: pytest.MonkeyPatch, **variables: str) -> Any:
    for name, value in (ENV | variables).items():
        monkeypatch.setenv(name, value)
    return load(kind)


@pytest.mark.parametrize("name", ["BATCH_SIZE", "WORKER_BATCH_SIZE"])
def test_both_names_of_the_batch_size_are_understood(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(AnalyticsSettings, monkeypatch, **{name: "40"}).most_in_a_batch == 40


def test_the_batch_size_is_100_and_the_next_batch_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = settings(AnalyticsSettings, monkeypatch)
    assert (alone.most_in_a_batch, alone.task_analytics_prefetch) == (100, 200)


@pytest.mark.parametrize(("prefetch", "most"), [("1", 1), ("10", 5), ("199", 99), ("400", 100)])
def test_a_batch_is_at_most_half_of_what_is_in_hand(prefetch: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(AnalyticsSettings, monkeypatch, TASK_ANALYTICS_PREFETCH=prefetch).most_in_a_batch == most


@pytest.mark.parametrize(("prefetch", "batch", "most"), [("200", "100", 200), ("200", "20", 40), ("1", "100", 1)])
def test_no_message_waits_in_here_behind_more_than_one_batch(
    prefetch: str, batch: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While mongo-data is away the wait would count as a try, and messages that nobody looked at would be given up."""
    made = settings(AnalyticsSettings, monkeypatch, TASK_ANALYTICS_PREFETCH=prefetch, BATCH_SIZE=batch)
    assert made.most_in_hand == most


@pytest.mark.parametrize(
    ("kind", "variables", "line"),
    [
        (AnalyticsSettings, {"BATCH_SIZE": "50", "WORKER_BATCH_SIZE": "60"}, "BATCH_SIZE is 50 and WORKER_BATCH_SIZE"),
        (AnalyticsSettings, {"BATCH_SIZE": "1001"}, "BATCH_SIZE: Input should be less than or equal to 1000"),
        (AnalyticsSettings, {"ANALYTICS_SERVICE_URL": "mongo-data:8002"}, "ANALYTICS_SERVICE_URL: "),
        (AnalyticsSettings, {"ANALYTICS_SERVICE_URL": ""}, "ANALYTICS_SERVICE_URL: is not set"),
        (AnalyticsSettings, {"INTERNAL_TOKEN": ""}, "INTERNAL_TOKEN is not set"),
        (ReminderSettings, {"INTERNAL_TOKEN": ""}, "INTERNAL_TOKEN is not set"),
        (ReminderSettings, {"RABBITMQ_URL": ""}, "RABBITMQ_URL: is not set"),
        (ReminderSettings, {"RABBITMQ_URL": "rabbitmq:5672"}, "RABBITMQ_URL: must begin with amqp:// or amqps://"),
        (AnalyticsSettings, {"RABBITMQ_URL": "amqp://"}, "RABBITMQ_URL: names no host"),
        (ReminderSettings, {"CHECK_INTERVAL_SECONDS": "0"}, "CHECK_INTERVAL_SECONDS: Input should be greater"),
        (ReminderSettings, {"TASK_REMINDERS_PREFETCH": "many"}, "TASK_REMINDERS_PREFETCH: Input should be a valid"),
    ],
)
def test_bad_env_is_one_line_that_names_the_variable(
    kind: Any,
    variables: dict[str, str],
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        settings(kind, monkeypatch, **variables)
    (said,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert said.startswith(line)


@pytest.mark.parametrize("kind", [AnalyticsSettings, ReminderSettings])
def test_development_may_do_without_a_credential(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(kind, monkeypatch, INTERNAL_TOKEN="", DEBUG="true").internal_token is None
