"""The three HTTP services keep what their OpenAPI documents say, whatever is sent: no 5xx, nothing undocumented.

schemathesis makes the requests of each document: every route with bodies and parameters that fit and that do not, and
walks in which one answer's ids become the next request's. Seeds are fixed, examples bounded; the long run has more.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from integration.services.stack.callers import PATIENCE_SECONDS, register
from integration.services.stack.stack import Stack
from usecases import ROOT

SERVICES = ("api", "postgres-data", "mongo-data")
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
LONGEST_WAIT_SECONDS = 0.2
SEED = 20
SHORT = pytest.param(15, id="short")
LONG = pytest.param(200, id="long", marks=pytest.mark.soak)
DOCUMENTS = {name: schemathesis.openapi.from_path(ROOT / f"docs/reference/openapi/{name}.json") for name in SERVICES}
for each in DOCUMENTS.values():
    # Else half of the wrong requests would come without a credential, and be refused before a route is asked.
    each.config.generation.update(with_security_parameters=False)


def bounded(examples: int, **more: Any) -> settings:
    return settings(
        max_examples=examples, derandomize=True, database=None, deadline=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck), **more,
    )  # fmt: skip


def operations() -> Iterator[Any]:
    """Every route of every document."""
    for service, document in DOCUMENTS.items():
        for found in document.get_all_operations():
            operation = found.ok()  # type: ignore[union-attr]
            yield pytest.param(service, operation, id=f"{service} {operation.label}")


@pytest.fixture
async def credentials(stack: Stack) -> dict[str, str]:
    """Scheme, as the documents call it → what whoever has the right sends."""
    async with httpx.AsyncClient(base_url=stack.urls["api"], timeout=PATIENCE_SECONDS) as api:
        caller = await register(api)
    return {
        "access_token": caller.token, "BOT_CREDENTIAL": stack.bot_credential, "INTERNAL_TOKEN": stack.internal_token,
    }  # fmt: skip


def authorization(case: Case[Any], credentials: dict[str, str]) -> dict[str, str]:
    """The header that this route asks for; none where it asks for none."""
    asked = schemes(case)
    return {"authorization": f"Bearer {credentials[asked[0]]}"} if asked else {}


def schemes(case: Case[Any]) -> list[str]:
    return [scheme for each in case.operation.definition.raw.get("security", ()) for scheme in each]


def let_in(case: Case[Any], response: Any) -> None:
    """Who has the right is never told otherwise: the answers are those of the route."""
    assert not schemes(case) or response.status_code != 401, response.text


def impatient(case: Case[Any]) -> Case[Any]:
    """A question that may be held open is asked for a moment only."""
    wait = (case.query or {}).get("wait_seconds")
    if isinstance(wait, int | float) and wait > LONGEST_WAIT_SECONDS:
        case.query["wait_seconds"] = LONGEST_WAIT_SECONDS
    return case


@pytest.mark.parametrize("examples", [SHORT, LONG])
@pytest.mark.parametrize(("service", "operation"), list(operations()))
def test_every_route_answers_as_it_is_documented(
    service: str, operation: Any, examples: int, stack: Stack, credentials: dict[str, str]
) -> None:
    def answers(mode: GenerationMode) -> None:
        @bounded(examples)
        @given(case=operation.as_strategy(generation_mode=mode))
        def run(case: Case[Any]) -> None:
            answer = impatient(case).call_and_validate(
                base_url=stack.urls[service], headers=authorization(case, credentials), checks=CHECKS
            )
            let_in(case, answer)

        run()

    answers(GenerationMode.POSITIVE)
    if operation.body or any(operation.iter_parameters()):  # else nothing can be sent wrongly
        answers(GenerationMode.NEGATIVE)


@pytest.mark.parametrize("examples", [SHORT, LONG])
@pytest.mark.parametrize("service", SERVICES)
def test_walks_through_the_routes_answer_as_documented(
    service: str, examples: int, stack: Stack, credentials: dict[str, str]
) -> None:
    failures = list[BaseException]()

    class Walk(DOCUMENTS[service].as_state_machine()):  # type: ignore[misc]
        rule_order_seed = SEED

        def before_call(self, case: Case[Any]) -> None:
            impatient(case)

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            return {"base_url": stack.urls[service], "headers": authorization(case, credentials)}

        def validate_response(self, response: Any, case: Case, **kwargs: Any) -> None:
            try:
                case.validate_response(response, checks=CHECKS)
                let_in(case, response)
            except BaseException as failure:
                failures.append(failure)
                raise

    try:
        Walk.run(settings=bounded(examples, stateful_step_count=15))
    except FlakyStrategyDefinition:
        # A walk began as an earlier one and led elsewhere: the server remembers. That ends the walks, as it does with
        # schemathesis' own runner; it is no failure of a route.
        if failures:
            raise
