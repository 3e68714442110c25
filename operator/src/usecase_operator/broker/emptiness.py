"""May a queue be deleted? Quorum queues refuse the broker's own `if-empty`, so the operator looks itself.

Statistics are up to 5 s old and absent for a new queue, which is not zero; so a queue that counts zero is asked
once more, live, for one message that goes back at once. After a crash of the broker a queue may take that question
and never answer: it is as unknown as one without statistics, and keeps nobody from looking at the others. A question
that was left unanswered may still hold the message it asked for, so that the next one sees an empty queue: until
statistics that are newer have come, the queue stays unknown. Consumers hold messages that nobody counts live: a queue
somebody still consumes stays.
"""

import time
from collections.abc import Collection, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any

from usecase_operator.broker.api import Api, NoAnswer, segment

# Twice the age that statistics may have.
DOUBT_SECONDS = 10.0
LOOK = {"count": 1, "ackmode": "ack_requeue_true", "encoding": "base64", "truncate": 1}


@dataclass(frozen=True, slots=True)
class Kept:
    """A queue that stays although it was dropped from the spec. *known* is False while it may soon go: its messages are
    not counted yet, or somebody who may be about to end holds some (*consumed*).
    """

    queue: str
    why: str
    known: bool = True
    consumed: bool = False

    @property
    def lasting(self) -> bool:
        """Whether it may stay for long, so that it is told and looked at now and then only."""
        return self.known or self.consumed


Unanswered = MutableMapping[tuple[str, str], float]
"""(vhost, queue) → when it was last asked in vain, on the monotonic clock. One for each broker, kept between passes."""


async def kept_queues(api: Api, vhost: str, names: Collection[str], unanswered: Unanswered) -> list[Kept]:
    """Which of *names* must stay, and why. *vhost* is a path segment."""
    if not names:
        return []
    found = await api.get(f"queues/{vhost}?columns=name,messages,consumers")
    statistics = {each["name"]: each for each in found if each["name"] in names}
    reasons: dict[str, Kept] = {}
    for name, each in statistics.items():
        kept = in_use(each)
        # After a restart of the broker a queue at rest has no statistics until somebody looks into it.
        if kept is None or not kept.known:
            kept = await _look(api, vhost, name, unanswered) or kept
        if kept:
            reasons[name] = kept
    return together(statistics, reasons)


async def _look(api: Api, vhost: str, name: str, unanswered: Unanswered) -> Kept | None:
    if time.monotonic() < unanswered.get((vhost, name), -DOUBT_SECONDS) + DOUBT_SECONDS:
        return Kept(name, "it did not answer a moment ago", known=False)
    unanswered.pop((vhost, name), None)
    try:
        found = await api.post(f"queues/{vhost}/{segment(name)}/get", LOOK)
    except NoAnswer:
        unanswered[vhost, name] = time.monotonic()
        return Kept(name, "it does not answer", known=False)
    return Kept(name, "it holds messages") if found else None


def in_use(statistics: Mapping[str, Any]) -> Kept | None:
    """What the statistics of one queue say against deleting it."""
    name, messages, consumers = statistics["name"], statistics.get("messages"), statistics.get("consumers")
    if messages is None or consumers is None:
        return Kept(name, "its messages are not counted yet", known=False)
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
