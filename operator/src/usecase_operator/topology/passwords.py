"""The hash that RabbitMQ keeps of a password, made here so that it can be compared as data.

rabbit_password_hashing_sha256: base64(salt + sha256(salt + password)), salt of 4 bytes
(https://www.rabbitmq.com/docs/passwords). The salt is taken from the password itself: the same password gives
the same hash, so a user is compared like every other object. Passwords are random and long, hence unique.
"""

import base64
import hashlib
import re
import secrets

ALGORITHM = "rabbit_password_hashing_sha256"
_MADE = re.compile(r"[A-Za-z0-9_-]{43}")


def new_password() -> str:
    """32 random bytes in the alphabet of URLs: it stands inside an AMQP URI without escaping."""
    return secrets.token_urlsafe(32)


def is_made(password: str) -> bool:
    """Whether `new_password` may have made it: another was put there by somebody who knows it."""
    return _MADE.fullmatch(password) is not None


def hashed(password: str) -> str:
    salt = hashlib.sha256(b"salt:" + password.encode()).digest()[:4]
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
