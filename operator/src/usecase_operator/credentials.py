"""How a use case's own users reach the broker: URIs with passwords that live in the Secrets the operator made.

The Secret is the only memory of a password: the broker is told none that is not stored. One that is missing or was
tampered with gets a new password, in the Secret and in the broker; pods roll, since what they read has changed. Pure,
except for the random of new passwords.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from usecase_operator.broker.connection import Connection
from usecase_operator.cluster.children import Child, Key
from usecase_operator.metadata import child_name
from usecase_operator.model import UseCase
from usecase_operator.render import keda
from usecase_operator.render.given import ScalerAccess
from usecase_operator.topology.desired import component_users, needs_scaler
from usecase_operator.topology.ownership import scaler_name, vhost_name
from usecase_operator.topology.passwords import hashed, is_made, new_password


@dataclass(frozen=True, slots=True)
class Credentials:
    """*uris*: component → AMQP URI. *scaler*: KEDA's way in. *hashes*: broker user → password hash."""

    uris: Mapping[str, str]
    scaler: ScalerAccess | None
    hashes: Mapping[str, str]


def kept(usecase: UseCase, children: Mapping[Key, Child]) -> Credentials:
    """What the Secrets hold now: what pods go on with while the broker, or the way to it, is not known.

    KEDA's Secret is not rendered from it: it stays as it is.
    """
    uris = {name: uri for name in component_users(usecase) if (uri := _value(children, _amqp_secret(usecase, name)))}
    return Credentials(uris, None, {})


def credentials(usecase: UseCase, connection: Connection, children: Mapping[Key, Child]) -> Credentials:
    """Credentials for every user, with the passwords that exist and new ones for the rest."""
    before = kept(usecase, children)
    vhost = vhost_name(usecase.namespace, usecase.name)
    rabbitmq = usecase.spec.infrastructure.rabbitmq
    uris, hashes = {}, {}
    for component, user in component_users(usecase).items():
        password = _password(before.uris.get(component)) or new_password()
        uris[component] = connection.uri(user, password, vhost, tls=bool(rabbitmq and rabbitmq.tls))
        hashes[user] = hashed(password)
    scaler = None
    if needs_scaler(usecase):
        user = scaler_name(usecase.namespace, usecase.name)
        password = _password(_value(children, keda.keda_name(usecase))) or new_password()
        hashes[user] = hashed(password)
        url = urlsplit(connection.management)
        host = f"{url.scheme}://{user}:{password}@{url.netloc}{url.path}/{quote(vhost, safe='')}"
        scaler = ScalerAccess(host, connection.ca)
    return Credentials(uris, scaler, hashes)


def stored(made: Credentials, usecase: UseCase, children: Mapping[Key, Child]) -> Credentials:
    """Of *made* what stands in a Secret of ours by now; the rest nobody would know again in the next pass."""
    there = kept(usecase, children)
    uris = {name: uri for name, uri in made.uris.items() if there.uris.get(name) == uri}
    scaler = made.scaler if made.scaler and made.scaler.host == _value(children, keda.keda_name(usecase)) else None
    users = {component_users(usecase)[name] for name in uris}
    if scaler:
        users.add(scaler_name(usecase.namespace, usecase.name))
    return Credentials(uris, scaler, {user: value for user, value in made.hashes.items() if user in users})


def _amqp_secret(usecase: UseCase, component: str) -> str:
    return f"{child_name(usecase, component)}-amqp"


def _value(children: Mapping[Key, Child], secret: str) -> str | None:
    child = children.get(("Secret", secret))
    return child.said if child and isinstance(child.said, str) else None


def _password(uri: str | None) -> str | None:
    try:
        found = urlsplit(uri or "").password
    except ValueError:
        return None
    return found if found and is_made(found) else None
