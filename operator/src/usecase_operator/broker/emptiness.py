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


@dataclass(frozen=True, slots=True)
class Looks:
    """What was asked of the queues of one broker, kept between passes: (vhost, queue) → when, on the monotonic clock.

    *first*: whether it may go, for the first time. *in_vain*: for a message, the last time that no answer came.
    """

    first: dict[tuple[str, str], float] = field(default_factory=dict)
    in_vain: dict[tuple[str, str], float] = field(default_factory=dict)


async def kept_queues(api: Api, vhost: str, names: Collection[str], looks: Looks) -> list[Kept]:
    """Which of *names* must stay, and why. *vhost* is a path segment."""
    if not names:
        return []
    now = time.monotonic()
    found = await api.get(f"queues/{vhost}?columns=name,messages,consumers,arguments")
    statistics = {each["name"]: each for each in found if each["name"] in names}
    kept: dict[str, Kept] = {}
    for name, each in statistics.items():
        waited = now - looks.first.setdefault((vhost, name), now)
        if why := await _why_kept(api, vhost, each, waited, looks):
            kept[name] = replace(why, waited=waited)
        else:
            del looks.first[vhost, name]
    return together(statistics, kept)


async def _why_kept(api: Api, vhost: str, statistics: Mapping[str, Any], waited: float, looks: Looks) -> Kept | None:
    name, kept = statistics["name"], in_use(statistics)
    if statistics.get("arguments", {}).get(SINGLE):
        return kept or (None if waited > DOUBT_SECONDS else Kept(name, NOT_COUNTED, known=False))
    # After a restart of the broker a queue at rest has no statistics until somebody looks into it.
    if kept is None or not kept.known:
        return await _look(api, vhost, name, looks) or kept
    return kept


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
        base = name.removesuffix(".retry")
        if name.endswith(".dlq"):
            continue
        for sibling in (base, f"{base}.retry", f"{base}.dlq"):
            if sibling in names and sibling not in kept:
                kept[sibling] = replace(reasons[name], queue=sibling, why=f"{name} needs it")
    return [kept[name] for name in sorted(kept)]
