"""Messages that nobody of ours would publish, and that no consumer may stumble over."""

import json
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.polling import eventually
from integration.services.process import Process
from usecases import ROOT

GOLDENS = [json.loads(file.read_text()) for file in sorted((ROOT / "tests" / "contract" / "messages").glob("*.json"))]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A golden with one of its fields replaced, at any depth, or taken away."""
    message = json.loads(json.dumps(draw(st.sampled_from(GOLDENS))))
    message["event_id"] = str(draw(st.uuids()))
    node = message
    while True:
        key = draw(st.sampled_from(sorted(node)))
        if not (isinstance(node[key], dict) and node[key] and draw(st.booleans())):
            break
        node = node[key]
    if draw(st.booleans()):
        node[key] = draw(JSON)
    else:
        del node[key]
    return json.dumps(message).encode()


BODIES = st.lists(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()) | mutated(), min_size=5)


def all_are_settled(consumer: Process, tell: Callable[[bytes], None], examples: int, derandomize: bool) -> None:
    """However many strange messages: each is settled, and the consumer is the same process and ready."""

    @settings(
        max_examples=examples,
        derandomize=derandomize,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(BODIES)
    def every_message_is_settled(told: list[bytes]) -> None:
        before = settled(consumer)
        for body in told:
            tell(body)
        eventually(lambda: settled(consumer) == before + len(told), 30, f"{len(told)} settled messages", every=0.02)
        assert consumer.running.poll() is None

    every_message_is_settled()
    assert consumer.ready()


def settled(consumer: Process) -> float:
    """Messages that it acknowledged or rejected."""
    lines = consumer.ops.get("/metrics").text.splitlines()
    kept = [line for line in lines if line.startswith("messages_processed_total{") and 'outcome="retried"' not in line]
    return sum(float(line.split()[-1]) for line in kept)
