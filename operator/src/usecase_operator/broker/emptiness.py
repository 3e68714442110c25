"""May a queue be deleted? Quorum queues refuse the broker's own `if-empty`, so the operator looks itself.

Statistics are up to 5 s old and absent for a new queue, which is not zero; so a queue that counts zero is asked
once more, live, for one message that goes back at once. After a crash of the broker a queue may take that question
and never answer: it is as unknown as one without statistics, and keeps nobody from looking at the others. A question
that was left unanswered may still hold the message it asked for, so that the next one sees an empty queue: until
statistics that are newer have come, the queue stays unknown. Nobody may look into a queue with a single active
consumer: there zero is believed when it is counted after the question. Consumers hold messages that nobody counts live:
a queue somebody still consumes stays.
"""

import math
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from usecase_operator import reasons
from usecase_operator.broker.api import Api, NoAnswer, segment
from usecase_operator.errors import Retry

# Twice the age that statistics may have.
DOUBT_SECONDS = 10.0
# RabbitMQ refuses basic.get on such a queue (rabbit_fifo: "unsupported, single_active_consumer").
SINGLE = "x-single-active-consumer"
NOT_COUNTED = "its messages are not counted yet"
LOOK = {"count": 1, "ackmode": "ack_requeue_true", "encoding": "base64", "truncate": 1}


@dataclass(frozen=True, slots=True)
class Kept:
    """A queue that stays although it was dropped from the spec. *known* is False while it may soon go: its messages are
    not counted yet, or somebody who may be about to end holds some (*consumed*). *waited*: seconds since it was first
    asked about; what statistics say is newer than the question after `DOUBT_SECONDS`.
    """

    queue: str
    why: str
    known: bool = True
    consumed: bool = False
    waited: float = math.inf

    @property
    def lasting(self) -> bool:
        """Whether it may stay for long, so that it is told and looked at now and then only."""
        return self.known or self.consumed


@dataclass(slots=True)
class Asked:
    """Since when it is asked whether a queue may go, when it was asked last, and since when it is counted empty."""

    first: float
    last: float
    empty: float | None = None


@dataclass(frozen=True, slots=True)
class Looks:
    """What was asked of the queues of one broker, kept between passes, by (vhost, queue); on the monotonic clock.

    *in_vain*: when a queue was last asked for a message without an answer.
    """

    asked: dict[tuple[str, str], Asked] = field(default_factory=dict)
    in_vain: dict[tuple[str, str], float] = field(default_factory=dict)

    def forget(self, now: float) -> None:
        """Whoever asks again after a while asks anew: meanwhile the queue may have had another life."""
        for key in [key for key, each in self.asked.items() if now - each.last > DOUBT_SECONDS]:
            del self.asked[key]
        for key in [key for key, when in self.in_vain.items() if now - when > DOUBT_SECONDS]:
            del self.in_vain[key]


async def kept_queues(api: Api, vhost: str, names: Collection[str], looks: Looks) -> list[Kept]:
    """Which of *names* must stay, and why. *vhost* is a path segment."""
    if not names:
        return []
    now = time.monotonic()
    looks.forget(now)
    found = await api.get(f"queues/{vhost}?columns=name,messages,consumers,arguments")
    statistics = {each["name"]: each for each in found if each["name"] in names}
    counted = {name: in_use(each) for name, each in statistics.items()}
    kept: dict[str, Kept] = {}
    for name, each in statistics.items():
        asked, why = looks.asked.setdefault((vhost, name), Asked(now, now)), counted[name]
        if each.get("arguments", {}).get(SINGLE):
            quiet = not any(counted.get(sibling) for sibling in _siblings(name))
            doubt = _doubt(name, asked, now, quiet=quiet)
            why = why or doubt
        elif why is None or not why.known:
            # After a restart of the broker a queue at rest has no statistics until somebody looks into it.
            why = await _look(api, vhost, name, looks) or why
        if why:
            kept[name] = replace(why, waited=now - asked.first)
    ended = time.monotonic()
    for name in statistics:
        looks.asked[vhost, name].last = ended
    return together(statistics, kept)


def _doubt(name: str, asked: Asked, now: float, *, quiet: bool) -> Kept | None:
    """Of a queue that is counted empty and that nobody may look into. *quiet*: its retries are counted empty, too."""
    if not quiet:
        asked.empty = None
    elif asked.empty is None:
        asked.empty = now
    if asked.empty is None or now - asked.empty <= DOUBT_SECONDS:
        return Kept(name, NOT_COUNTED, known=False)
    return None


async def _look(api: Api, vhost: str, name: str, looks: Looks) -> Kept | None:
    if time.monotonic() < looks.in_vain.get((vhost, name), -DOUBT_SECONDS) + DOUBT_SECONDS:
        return Kept(name, "it did not answer a moment ago", known=False)
    looks.in_vain.pop((vhost, name), None)
    try:
        found = await api.post(f"queues/{vhost}/{segment(name)}/get", LOOK)
    except NoAnswer:
        looks.in_vain[vhost, name] = time.monotonic()
        return Kept(name, "it does not answer", known=False)
    except Retry as refused:
        if refused.reason != reasons.PRECONDITION_FAILED:
            raise
        return Kept(name, f"nobody may look into it ({refused.message})", known=False)
    return Kept(name, "it holds messages") if found else None


def in_use(statistics: Mapping[str, Any]) -> Kept | None:
    """What the statistics of one queue say against deleting it."""
    name, messages, consumers = statistics["name"], statistics.get("messages"), statistics.get("consumers")
    if messages is None or consumers is None:
        return Kept(name, NOT_COUNTED, known=False)
    if messages:
        return Kept(name, f"it holds {messages} messages")
    if consumers:
        return Kept(name, f"it has {consumers} consumers", known=False, consumed=True)
    return None


def together(names: Collection[str], reasons: Mapping[str, Kept]) -> list[Kept]:
    """Q and Q.retry lead to each other and to Q.dlq: what is kept of them keeps the way its messages take."""
    kept = dict(reasons)
    for name in reasons:
        if name.endswith(".dlq"):
            continue
        for sibling in (*_siblings(name), f"{_base(name)}.dlq"):
            if sibling in names and sibling not in kept:
                kept[sibling] = replace(reasons[name], queue=sibling, why=f"{name} needs it")
    return [kept[name] for name in sorted(kept)]


def _siblings(name: str) -> tuple[str, str]:
    """Q and Q.retry, for either of them: messages go to and fro between the two."""
    return _base(name), f"{_base(name)}.retry"


def _base(name: str) -> str:
    return name.removesuffix(".retry")
