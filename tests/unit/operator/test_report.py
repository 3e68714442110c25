"""Numbers of a status that are not counted now are those of before, and never zero."""

from collections.abc import Mapping

import pytest

from usecase_operator.backlog import Count
from usecase_operator.conditions import Outcome
from usecase_operator.model import UseCase
from usecase_operator.report import MessagingFound, dead_letter_count, status
from usecase_operator.status import Status
from usecase_operator.topology.plan import Inventory
from usecases import component, make_usecase

BEFORE = Status(backlog="100-999", dead_letters=3)
EMPTY, UNKNOWN = Count(0, 1), Count(None, None)


def shop() -> UseCase:
    consumes = [{"queue": "jobs"}, {"queue": "mail"}]
    return make_usecase(
        component("worker", "Worker", consumes=consumes), messaging={"queues": [{"name": "jobs"}, {"name": "mail"}]}
    )


def counts(**changes: Count) -> dict[str, Count]:
    names = [f"{queue}{suffix}" for queue in ("jobs", "mail") for suffix in ("", ".retry", ".dlq")]
    return {**dict.fromkeys(names, EMPTY), **{name.replace("_", "."): count for name, count in changes.items()}}


@pytest.mark.parametrize(
    ("found", "backlog"),
    [
        pytest.param(counts(), "0", id="empty"),
        pytest.param(counts(jobs=Count(7, 1), mail_retry=Count(5, 0)), "10-99", id="all of them together"),
        pytest.param({**counts(), "theirs": UNKNOWN}, "0", id="somebody else's is not counted"),
        pytest.param(counts(jobs_dlq=Count(7, 0)), "0", id="dead letters do not wait"),
        pytest.param(counts(jobs=UNKNOWN), "100-999", id="one is not counted"),
        pytest.param({}, "100-999", id="the broker is away"),
    ],
)
def test_the_backlog_is_as_counted_last_while_nobody_can_tell(found: Mapping[str, Count], backlog: str) -> None:
    messaging = MessagingFound(Inventory(), (), found)
    told = status(shop(), Outcome("done", "done", "done", ()), messaging, BEFORE, "2026-01-01T00:00:00Z")
    assert told.backlog == backlog


@pytest.mark.parametrize(
    ("found", "number"),
    [
        pytest.param(counts(), 0, id="none"),
        pytest.param(counts(jobs_dlq=Count(2, 0), mail_dlq=Count(5, 0)), 7, id="all of them together"),
        pytest.param(counts(mail_dlq=UNKNOWN), 3, id="one is not counted"),
        pytest.param({}, 3, id="the broker is away"),
    ],
)
def test_dead_letters_are_as_counted_last_while_nobody_can_tell(found: Mapping[str, Count], number: int) -> None:
    assert dead_letter_count(shop(), found, BEFORE) == number


def test_without_dead_letter_queues_nothing_is_told_of_them() -> None:
    unheard = make_usecase(component("web", "API"), messaging={"queues": [{"name": "jobs"}]})
    assert dead_letter_count(unheard, {"jobs": EMPTY}, BEFORE) is None
