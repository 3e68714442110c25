"""The admin connection Secret: read, checked, and never printed."""

import base64
import ssl

import pytest
import trustme

from usecase_operator.broker.connection import read_connection
from usecase_operator.errors import Retry

GOOD = {"managementUri": "http://rabbit:15672/", "amqpHost": "rabbit", "username": "u", "password": "hidden"}


def encoded(**values: str) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


def test_a_complete_secret_is_a_connection() -> None:
    connection = read_connection(encoded(**GOOD), "admin", 5671)
    assert connection.management == "http://rabbit:15672"
    assert connection.uri("a.b.c", "p", "a.b", tls=True) == "amqps://a.b.c:p@rabbit:5671/a.b"


@pytest.mark.parametrize("key", sorted(GOOD))
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(Retry, match=f"Secret admin has no key {key}"):
        read_connection(encoded(**{name: each for name, each in GOOD.items() if name != key}), "admin", 5672)


def test_an_address_that_is_none_is_refused_with_an_example() -> None:
    with pytest.raises(Retry, match="such as http://rabbitmq:15672"):
        read_connection(encoded(**{**GOOD, "managementUri": "rabbit:15672"}), "admin", 5672)


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(Retry, match="password is not text"):
        read_connection({**encoded(**GOOD), "password": "%%%"}, "admin", 5672)


def test_the_password_is_not_in_the_repr() -> None:
    assert "hidden" not in repr(read_connection(encoded(**GOOD), "admin", 5672))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"managementUri": "http://admin:hidden@rabbit:15672"}, "holds a user", id="a user in the address"),
        pytest.param({"ca.crt": "hidden"}, "ca.crt holds no certificate", id="a CA that is none"),
        pytest.param({"managementUri": "http://[rabbit]:15672"}, "must be an http", id="brackets around a name"),
        pytest.param({"managementUri": "http://[::1:15672"}, "must be an http", id="half a bracket"),
        pytest.param({"managementUri": "http://rabbit:1567x"}, "must be an http", id="a port that is none"),
        pytest.param({"username": "admin:hidden"}, "holds a colon", id="a name that HTTP can't say"),
    ],
)
def test_what_cant_be_used_is_refused_without_being_shown(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(Retry, match=said) as refused:
        read_connection(encoded(**{**GOOD, **wrong}), "admin", 5672)
    assert "hidden" not in refused.value.message


def test_a_bundle_may_say_whose_certificates_are_in_it() -> None:
    bundle = f"# Zertifizierungsstelle für Prüfungen\n{trustme.CA().cert_pem.bytes().decode()}"
    found = read_connection(encoded(**{**GOOD, "ca.crt": bundle}), "admin", 5672)
    assert isinstance(found.ssl_context(), ssl.SSLContext)
