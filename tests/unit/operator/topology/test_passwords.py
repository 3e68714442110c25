"""Hashes that the broker itself accepts are proved in tests/integration/operator; here: that they compare."""

import base64
import hashlib

from usecase_operator.topology.passwords import hashed, new_password


def test_the_same_password_has_the_same_hash() -> None:
    assert hashed("secret") == hashed("secret") != hashed("other")


def test_the_hash_is_the_one_rabbitmq_documents() -> None:
    raw = base64.b64decode(hashed("secret"))
    assert raw[4:] == hashlib.sha256(raw[:4] + b"secret").digest()


def test_passwords_are_long_unique_and_need_no_escaping_in_a_uri() -> None:
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(each) >= 40 and each.replace("-", "").replace("_", "").isalnum() for each in made)
