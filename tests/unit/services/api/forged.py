"""Access tokens that are not good: forged, altered, stale, or not tokens at all. The key in use is KEY."""

import base64
import json
import time
from collections.abc import Iterator

import jwt
import pytest

from usecase_api.tokens import ALGORITHM, AUDIENCE, ISSUER, AccessTokens, random_token

KEY = "the key that signs all access tokens of a test"
OTHER_KEY = "the key of somebody else, of the same length.."
NOW = int(time.time())
CLAIMS = {"sub": "1", "iat": NOW, "exp": NOW + 3600, "iss": ISSUER, "aud": AUDIENCE}


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed(
    key: str = KEY, algorithm: str = ALGORITHM, headers: dict[str, object] | None = None, **claims: object
) -> str:
    return jwt.encode({**CLAIMS, **claims}, key, algorithm, headers)


def without(*names: str) -> str:
    return jwt.encode({name: value for name, value in CLAIMS.items() if name not in names}, KEY, ALGORITHM)


def bad_tokens() -> Iterator[tuple[str, str]]:
    """What each is, and its text."""
    good = AccessTokens(KEY, 600).issue(1)
    head, payload, signature = good.split(".")
    yield "signed by another key", signed(OTHER_KEY)
    yield "signed by a part of the key", signed(KEY[:32])
    yield "no algorithm", f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(CLAIMS)}."
    yield "no algorithm, in capitals", f"{encoded({'alg': 'NONE', 'typ': 'JWT'})}.{encoded(CLAIMS)}."
    yield "no algorithm, with a good signature", f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{payload}.{signature}"
    yield "no algorithm named", f"{encoded({'typ': 'JWT'})}.{encoded(CLAIMS)}.{signature}"
    yield "another algorithm of the same key", signed(KEY + KEY, "HS512")
    yield "said to be RS256", f"{encoded({'alg': 'RS256', 'typ': 'JWT'})}.{payload}.{signature}"
    yield "an extension that must be understood", signed(headers={"crit": ["exp2"], "exp2": 1})
    yield "another user under the same signature", f"{head}.{encoded({**CLAIMS, 'sub': '2'})}.{signature}"
    yield "a longer life under the same signature", f"{head}.{encoded({**CLAIMS, 'exp': NOW + 10**9})}.{signature}"
    yield "the last character of the signature changed", good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1]
    yield "no signature", f"{head}.{payload}."
    yield "no third part", f"{head}.{payload}"
    yield "five parts", f"{good}.{payload}.{signature}"
    yield "expired a second ago", signed(exp=NOW - 1)
    yield "expired in 1970", signed(exp=0)
    yield "expired before it was issued", signed(iat=NOW - 10, exp=NOW - 20)
    yield "issued tomorrow", signed(iat=NOW + 86_400)
    yield "good from tomorrow on", signed(nbf=NOW + 86_400)
    yield "no end", without("exp")
    yield "an end in words", signed(exp="tomorrow")
    yield "an endless number as end", signed(exp=10**400)
    yield "null as end", signed(exp=None)
    yield "no user", without("sub")
    yield "user 0", signed(sub="0")
    yield "a negative user", signed(sub="-1")
    yield "a user with leading zero", signed(sub="01")
    yield "a name as user", signed(sub="testuser")
    yield "a user beyond every id", signed(sub=str(2**53))
    yield "an Arabic digit as user", signed(sub="\u0661")
    yield "a blank behind the user", signed(sub="1 ")
    yield "a line feed behind the user", signed(sub="1\n")
    yield "of another issuer", signed(iss="somebody")
    yield "no issuer", without("iss")
    yield "for another audience", signed(aud="somebody")
    yield "for several audiences", signed(aud=[AUDIENCE, "somebody"])
    yield "no audience", without("aud")
    yield "no time of issue", without("iat")
    yield "a refresh token", random_token()
    yield "no token", ""
    yield "words", "let me in"
    yield "two dots", ".."
    yield "a list as payload", f"{head}.{encoded([1])}.{signature}"
    yield "longer than any of ours", signed(note="x" * 2000)
    yield "not even text", "\xff\xfe.\xfd.\xfc"


BAD_TOKENS = [pytest.param(token, id=what) for what, token in bad_tokens()]
