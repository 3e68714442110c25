"""The ledger that the kill test believes: it sees what is lost, made up, or there twice."""

import pytest

from integration.services.stack.ledger import Ledger, analytics_faults


@pytest.fixture
def ledger() -> Ledger:
    """Three creates: one acknowledged as task 1, one refused, one never answered."""
    made = Ledger()
    kept, refused, _ = made.ask(), made.ask(), made.ask()
    made.acknowledge(kept, 1)
    made.refuse(refused)
    return made


@pytest.mark.parametrize(
    ("tasks", "faults"),
    [
        pytest.param([(1, "create 1")], [], id="kept"),
        pytest.param([(1, "create 1"), (2, "create 3")], [], id="unanswered may have been done"),
        pytest.param([], ["lost: 'create 1' was acknowledged"], id="lost"),
        pytest.param([(1, "create 3")], ["lost: 'create 1' was acknowledged"], id="another's id"),
        pytest.param([(1, "create 1"), (2, "create 2")], ["phantom: 'create 2' was refused"], id="refused"),
        pytest.param([(1, "create 1"), (2, "x")], ["phantom: nobody asked for 'x'"], id="made up"),
        pytest.param(
            [(1, "create 1"), (2, "create 3"), (3, "create 3")], ["phantom: 'create 3' is there 2 times"], id="twice"
        ),
    ],
)
def test_tasks(ledger: Ledger, tasks: list[tuple[int, str]], faults: list[str]) -> None:
    assert ledger.faults(tasks) == faults


@pytest.mark.parametrize(
    ("actions", "faults"),
    [
        pytest.param({1: ["created"]}, [], id="counted"),
        pytest.param({1: ["created", "updated"], 2: ["created", "creation_failed"]}, [], id="undone"),
        pytest.param({}, ["task 1 is counted 0 times"], id="missing"),
        pytest.param({1: ["created", "created"]}, ["task 1 is counted 2 times"], id="twice"),
        pytest.param({1: ["created"], 2: ["created"]}, ["task 2 is counted and is not there"], id="of no task"),
    ],
)
def test_analytics(actions: dict[int, list[str]], faults: list[str]) -> None:
    assert analytics_faults([1], actions) == faults
