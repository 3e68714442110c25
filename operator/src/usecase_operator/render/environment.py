"""The environment of a component's process: what its edges hand over, and what the spec says plainly.

Later lines of the table win over earlier ones of the same name: defaults, settings that follow from the component,
the component's own words, and last the names that the CRD reserves.
"""

import re
from collections.abc import Iterator
from typing import Any

from usecase_operator.metadata import child_name
from usecase_operator.model import Component, Consume, Env, UseCase
from usecase_operator.render.lifetime import stop_grace
from usecase_operator.render.secret import AMQP_KEY, STORE_KEY, amqp_secret_name

Variable = dict[str, Any]


def environment(usecase: UseCase, component: Component) -> list[Variable]:
    """Every variable once, in a fixed order."""
    table = [
        *(_plain(each) for each in usecase.spec.defaults.env),
        _literal("STOP_GRACE_SECONDS", str(stop_grace(component))),
        *(variable for each in component.consumes for variable in _consumer_settings(usecase, each)),
        *(_plain(each) for each in component.env),
        *(_from_secret(each.name, each.secret_ref.name, each.secret_ref.key) for each in component.secret_env),
        *_edges(usecase, component),
        *_reserved(usecase, component),
    ]
    return list({variable["name"]: variable for variable in table}.values())


def _consumer_settings(usecase: UseCase, consume: Consume) -> Iterator[Variable]:
    """`<QUEUE>_PREFETCH` and its siblings: how the edge is meant, told to the process that lives it."""
    prefix = re.sub(r"[^A-Z0-9]", "_", consume.queue.upper())
    queue = next(each for each in usecase.spec.messaging.queues if each.name == consume.queue)
    yield _literal(f"{prefix}_PREFETCH", str(consume.prefetch))
    yield _literal(f"{prefix}_MAX_PROCESSING_SECONDS", str(consume.max_processing_seconds))
    yield _literal(f"{prefix}_MAX_TRIES", str(queue.retry.max_tries))


def _edges(usecase: UseCase, component: Component) -> Iterator[Variable]:
    """Each `uses`: the URL of a component, or the connection string of a store."""
    ports = {each.name: each.http.port for each in usecase.spec.components if each.http}
    secrets = {each.name: each.secret_ref.name for each in usecase.spec.infrastructure.stores}
    for use in component.uses:
        if use.component:
            yield _literal(use.env, f"http://{child_name(usecase, use.component)}:{ports[use.component]}")
        elif use.store:
            yield _from_secret(use.env, secrets[use.store], STORE_KEY)


def _reserved(usecase: UseCase, component: Component) -> Iterator[Variable]:
    if component.http:
        yield _literal("PORT", str(component.http.port))
    health = component.health.http
    if health and (component.http is None or health.port != component.http.port):
        yield _literal("METRICS_PORT", str(health.port))
    if component.speaks_amqp:
        yield _from_secret("RABBITMQ_URL", amqp_secret_name(usecase, component), AMQP_KEY)


def _plain(env: Env) -> Variable:
    return _literal(env.name, env.value)


def _literal(name: str, value: str) -> Variable:
    """Kubernetes expands `$(NAME)` and halves `$$` in values: each `$` that would start either is doubled."""
    return {"name": name, "value": re.sub(r"\$(?=[$(])", "$$", value)}


def _from_secret(name: str, secret: str, key: str) -> Variable:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
