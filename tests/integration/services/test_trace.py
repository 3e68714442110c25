"""One trace tells of one create: from the api through postgres-data and the broker to the workers and their calls."""

import secrets

import httpx

from integration.services.stack.callers import PATIENCE_SECONDS, register
from integration.services.stack.collector import Collector, Span
from integration.services.stack.stack import Stack
from integration.services.waiting import until

WAY = [
    ("api", "POST /api/v1/tasks"),
    ("postgres-data", "POST /tasks"),
    ("analytics-worker", "consume task_analytics"),
    ("mongo-data", "POST /task_analytics/bulk"),
    ("reminder-worker", "consume task_reminders"),
]


async def test_a_create_is_one_trace_through_every_hop(stack: Stack, collector: Collector) -> None:
    trace, caller_span = secrets.token_hex(16), secrets.token_hex(8)
    async with httpx.AsyncClient(base_url=stack.urls["api"], timeout=PATIENCE_SECONDS) as api:
        caller = await register(api)
        answer = await caller.create(headers={"traceparent": f"00-{trace}-{caller_span}-01"})
        assert answer.status_code == 201
    await until(lambda: missing(collector.trace(trace)), 20, expected=[])
    # Nothing hangs in the air: every span's parent is there, and the first one's is the caller's.
    await until(lambda: begins(collector.trace(trace)), 20, expected=[(*WAY[0], caller_span)])


async def test_a_create_that_nobody_samples_leaves_no_span(stack: Stack, collector: Collector) -> None:
    traces = [secrets.token_hex(16) for _ in range(2)]
    async with httpx.AsyncClient(base_url=stack.urls["api"], timeout=PATIENCE_SECONDS) as api:
        caller = await register(api)
        for trace, sampled in zip(traces, ("00", "01"), strict=True):
            headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-{sampled}"}
            assert (await caller.create(headers=headers)).status_code == 201
    await until(lambda: missing(collector.trace(traces[1])), 20, expected=[])
    assert collector.trace(traces[0]) == []


def missing(spans: list[Span]) -> list[tuple[str, str]]:
    """Which hops of the way have not told yet."""
    seen = {(span.service, span.name) for span in spans}
    return [hop for hop in WAY if hop not in seen]


def begins(spans: list[Span]) -> list[tuple[str, str, str]]:
    """The spans whose parent is none of these: service, name, parent."""
    known = {span.id for span in spans}
    return [(span.service, span.name, span.parent) for span in spans if span.parent not in known]
