"""Which access tokens speak for whom."""

import time

import jwt
import pytest

from unit.services.api.forged import BAD_TOKENS, CLAIMS, KEY, signed
from usecase_api import tokens as module
from usecase_api.tokens import AccessTokens, digest, link_code, random_token
from usecase_contracts.fields import MAX_ID
from usecase_http.problem import Problem


@pytest.mark.parametrize("user_id", [1, 42, MAX_ID])
def test_a_token_speaks_for_its_user(user_id: int) -> None:
    tokens = AccessTokens(KEY, 60)
    token = tokens.issue(user_id)
    assert [tokens.user_of(token), tokens.user_of(token)] == [user_id, user_id]
    assert AccessTokens(KEY, 60).user_of(token) == user_id, "every replica reads it"


def test_the_forged_tokens_differ_from_a_good_one_in_one_thing() -> None:
    assert AccessTokens(KEY, 60).user_of(signed()) == 1


@pytest.mark.parametrize("token", BAD_TOKENS)
def test_any_other_text_speaks_for_nobody(token: str) -> None:
    tokens = AccessTokens(KEY, 60)
    for _ in range(2):  # the second time it could have been remembered
        with pytest.raises(Problem) as refused:
            tokens.user_of(token)
        assert refused.value.status == 401
        assert refused.value.headers["www-authenticate"] == "Bearer"


def test_there_are_enough_of_them() -> None:
    assert len(BAD_TOKENS) >= 30


def test_a_token_that_was_good_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = AccessTokens(KEY, 60)
    token = tokens.issue(1)
    assert tokens.user_of(token) == 1
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(Problem) as refused:
        tokens.user_of(token)
    assert refused.value.members["type"] == "urn:usecase:token-expired"


def test_a_replica_whose_clock_is_ahead_issues_good_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 20)
    token = AccessTokens(KEY, 60).issue(1)
    monkeypatch.undo()
    assert AccessTokens(KEY, 60).user_of(token) == 1


def test_a_token_lives_no_longer_for_clocks_that_differ() -> None:
    with pytest.raises(Problem) as refused:
        AccessTokens(KEY, 60).user_of(signed(exp=int(time.time()) - 1))
    assert refused.value.members["type"] == "urn:usecase:token-expired"


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    tokens = AccessTokens(KEY, 60)
    issued = [tokens.issue(user_id) for user_id in range(1, 8)]
    assert [tokens.user_of(token) for token in issued * 2] == [*range(1, 8)] * 2
    assert len(tokens._verified) == 3


def test_a_token_tells_nothing_but_the_id() -> None:
    claims = jwt.decode(AccessTokens(KEY, 60).issue(1), options={"verify_signature": False})
    assert set(claims) == {*CLAIMS, "jti"}


def test_random_tokens_and_codes_do_not_repeat() -> None:
    assert len({random_token() for _ in range(1000)}) == 1000
    codes = {link_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert not set("".join(codes)) & set("01ILO")


def test_a_digest_is_what_postgres_data_takes() -> None:
    assert digest("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
