"""Spans are made in sampled traces only, and every process obeys the first one's draw."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.trace import SpanKind

from usecase_runtime import context, tracing

SAMPLED = f"00-{'a' * 32}-{'b' * 16}-01"
UNSAMPLED = f"00-{'a' * 32}-{'b' * 16}-00"


class Collector:
    """An OTLP/HTTP collector that keeps what it gets."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, ExportTraceServiceRequest]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.requests.append((self.path, ExportTraceServiceRequest.FromString(body)))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def spans(self) -> list[Span]:
        return [
            span
            for _, request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def _tracing_off_again() -> Iterator[None]:
    yield
    tracing.configure_tracing("off", None, 0)
    tracing._tracer = None


def test_without_a_collector_the_callers_context_is_passed_on() -> None:
    with tracing.span("work", parent=SAMPLED) as made:
        assert made is None
        assert context.outgoing_headers() == {"traceparent": SAMPLED}
    assert context.outgoing_headers() == {}


@pytest.mark.parametrize("header", [None, "", "nonsense", SAMPLED.upper(), f"00-{'0' * 32}-{'b' * 16}-01"])
def test_what_is_no_traceparent_is_not_passed_on(header: str | None) -> None:
    with tracing.span("work", parent=header):
        assert context.outgoing_headers() == {}


def test_an_unsampled_trace_gets_no_spans(collector: Collector) -> None:
    flush = tracing.configure_tracing("sample", collector.url, 1.0)
    with tracing.span("work", parent=UNSAMPLED) as made:
        assert made is None
        assert context.traceparent.get() == UNSAMPLED
    flush()
    assert collector.spans() == []


def test_a_new_trace_that_loses_the_draw_says_so_to_everybody_behind(collector: Collector) -> None:
    flush = tracing.configure_tracing("sample", collector.url, 0.0)
    with tracing.span("first"), tracing.span("second") as made:
        carried = context.traceparent.get()
    flush()
    assert made is None
    assert carried is not None
    assert carried.endswith("-00")
    assert context.valid_traceparent(carried)
    assert collector.spans() == []


def test_a_sampled_trace_is_one_tree(collector: Collector) -> None:
    flush = tracing.configure_tracing("sample", collector.url, 1.0)
    with tracing.span("server", SpanKind.SERVER, parent=SAMPLED), tracing.span("client", SpanKind.CLIENT, peer="x"):
        carried = context.traceparent.get()
    flush()
    spans = {span.name: span for span in collector.spans()}
    assert {span.trace_id.hex() for span in spans.values()} == {"a" * 32}
    assert spans["server"].parent_span_id.hex() == "b" * 16
    assert spans["client"].parent_span_id == spans["server"].span_id
    assert carried == f"00-{'a' * 32}-{spans['client'].span_id.hex()}-01"
    assert {path for path, _ in collector.requests} == {"/v1/traces"}


def test_a_root_span_has_no_parent(collector: Collector) -> None:
    flush = tracing.configure_tracing("sample", collector.url, 1.0)
    with tracing.span("root"):
        pass
    flush()
    (root,) = collector.spans()
    assert root.parent_span_id == b""


def test_what_fails_is_marked_and_goes_on(collector: Collector) -> None:
    flush = tracing.configure_tracing("sample", collector.url, 1.0)
    with pytest.raises(ValueError, match="broken"), tracing.span("work"):
        raise ValueError("broken")
    flush()
    (span,) = collector.spans()
    assert span.status.code == 2
    assert span.events[0].name == "exception"
