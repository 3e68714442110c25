"""The Secrets a component reads: which ones, a digest of their content, and the one that the operator makes."""

import base64
from collections.abc import Mapping

from usecase_operator.metadata import Manifest, child_name, digest, manifest
from usecase_operator.model import Component, UseCase
from usecase_operator.render.given import Given

AMQP_KEY = "uri"
STORE_KEY = "uri"


def amqp_secret_name(usecase: UseCase, component: Component) -> str:
    return f"{child_name(usecase, component.name)}-amqp"


def amqp_secret(usecase: UseCase, component: Component, given: Given) -> Manifest | None:
    """The component's own way into the broker; None before the password is there."""
    uri = given.amqp_uris.get(component.name)
    if not component.speaks_amqp or uri is None:
        return None
    return opaque_secret(usecase, amqp_secret_name(usecase, component), {AMQP_KEY: uri}, component.name)


def opaque_secret(usecase: UseCase, name: str, texts: Mapping[str, str], component: str | None = None) -> Manifest:
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    return manifest(usecase, "v1", "Secret", name=name, component=component, type="Opaque", data=data)


def references(usecase: UseCase, component: Component) -> tuple[tuple[str, str], ...]:
    """(Secret, key) of everything that others provide and the component's environment is made of, each once."""
    stores = {each.name: each.secret_ref.name for each in usecase.spec.infrastructure.stores}
    named = [(each.secret_ref.name, each.secret_ref.key) for each in component.secret_env]
    used = [(stores[use.store], STORE_KEY) for use in component.uses if use.store]
    return tuple(dict.fromkeys(named + used))


def config_digest(usecase: UseCase, component: Component, given: Given) -> str | None:
    """Changes when a Secret value that the component reads changes; None if it reads none."""
    found = [[secret, key, given.secret_digests.get((secret, key))] for secret, key in references(usecase, component)]
    if component.speaks_amqp:
        uri = given.amqp_uris.get(component.name)
        found.append([amqp_secret_name(usecase, component), AMQP_KEY, None if uri is None else digest(uri)])
    return digest(found) if found else None
