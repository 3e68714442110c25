"""How to reach a broker: the admin connection Secret, read and checked.

Keys: `managementUri`, `amqpHost`, `username`, `password` and optionally `ca.crt`. Everything that identifies the
connection is in `Connection`, so that UseCases with the same Secret content share one observer.
"""

import base64
import binascii
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from usecase_operator import reasons
from usecase_operator.errors import Retry
from usecase_operator.trust import trusting

# A changed Secret wakes its UseCases; this is only the backstop.
LATER = 300.0
REQUIRED = ("managementUri", "amqpHost", "username", "password")


@dataclass(frozen=True, slots=True)
class Connection:
    """*amqp_port* is where components speak AMQP; the operator only knocks there, to tell what is down."""

    management: str
    amqp_host: str
    amqp_port: int
    username: str
    password: str = field(repr=False)
    ca: str | None = None

    def ssl_context(self) -> ssl.SSLContext | bool:
        """The trust for https: the Secret's own CA if it has one, else the image's."""
        return trusting(cadata=self.ca) if self.ca else True

    def uri(self, user: str, password: str, vhost: str, *, tls: bool) -> str:
        """The AMQP URI of a component's user. Names and passwords of the operator need no escaping."""
        scheme = "amqps" if tls else "amqp"
        return f"{scheme}://{user}:{password}@{self.amqp_host}:{self.amqp_port}/{vhost}"


def read_connection(secret: Mapping[str, str], name: str, amqp_port: int) -> Connection:
    """The connection in *secret* (its base64 `data`). Raises `Retry` that names the missing or wrong key."""
    missing = [key for key in REQUIRED if not secret.get(key)]
    if missing:
        raise Retry(reasons.SECRET_KEY_MISSING, f"Secret {name} has no key {', '.join(missing)}: add it", LATER)
    values = {key: _text(secret, name, key) for key in (*REQUIRED, "ca.crt") if secret.get(key)}
    try:
        url = urlsplit(values["managementUri"])
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:  # brackets that hold no IPv6 address, or a port that is none
        usable = False
    if not usable:
        raise Retry(
            reasons.SECRET_KEY_INVALID,
            f"Secret {name}: managementUri must be an http(s) address such as http://rabbitmq:15672",
            LATER,
        )
    if url.username or url.password:
        raise Retry(
            reasons.SECRET_KEY_INVALID,
            f"Secret {name}: managementUri holds a user; put it into the keys username and password",
            LATER,
        )
    if ":" in values["username"]:
        said = f"Secret {name}: username holds a colon, which RabbitMQ's HTTP API can't be told (RFC 7617)"
        raise Retry(reasons.SECRET_KEY_INVALID, said, LATER)
    found = Connection(
        management=values["managementUri"].rstrip("/"),
        amqp_host=values["amqpHost"],
        amqp_port=amqp_port,
        username=values["username"],
        password=values["password"],
        ca=_certificates(values.get("ca.crt")),
    )
    try:
        found.ssl_context()
    except (ssl.SSLError, ValueError) as error:
        said = f"Secret {name}: ca.crt holds no certificate that can be read (PEM is expected)"
        raise Retry(reasons.SECRET_KEY_INVALID, said, LATER) from error
    return found


def _certificates(text: str | None) -> str | None:
    """PEM is ASCII, and Python takes nothing else; what people write around the certificates may be more."""
    return text and text.encode("ascii", "ignore").decode()


def _text(secret: Mapping[str, str], name: str, key: str) -> str:
    try:
        return base64.b64decode(secret[key], validate=True).decode().strip()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Retry(reasons.SECRET_KEY_INVALID, f"Secret {name}: {key} is not text", LATER) from error
