"""What proves who somebody is: signed access tokens, and random tokens of which only a hash is kept.

An access token is checked here alone, without asking anybody: whoever holds the key signed it.
"""

import hashlib
import re
import secrets
import time

import jwt

from usecase_contracts.fields import MAX_ID
from usecase_http.problem import Problem

ALGORITHM = "HS256"
ISSUER = "task-management-api"
AUDIENCE = "task-management"
LONGEST_TOKEN = 1024
REMEMBERED = 4096
CLOCKS_DIFFER_SECONDS = 30
"""A replica whose clock is ahead of ours by this much issues tokens from our future."""
_SUBJECT = re.compile(r"[1-9][0-9]{0,15}")
# Told apart by people: no 0 and O, no 1, I and L.
_CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_LENGTH = 10


class AccessTokens:
    """Issues and verifies access tokens that are good for `seconds`, signed with `key`."""

    def __init__(self, key: str, seconds: int) -> None:
        self._key, self.seconds = key, seconds
        self._verified: dict[str, tuple[int, float]] = {}

    def issue(self, user_id: int) -> str:
        """A token for this user."""
        now = int(time.time())
        claims = {
            "sub": str(user_id),
            "iat": now,
            "exp": now + self.seconds,
            "iss": ISSUER,
            "aud": AUDIENCE,
            "jti": secrets.token_urlsafe(9),
        }
        return jwt.encode(claims, self._key, ALGORITHM)

    def user_of(self, token: str) -> int:
        """The user whom a token speaks for; a Problem (401) for any other text.

        The signature is computed once for each token, not once for each request: it costs as much as all the rest
        of a create.
        """
        known = self._verified.get(token)
        if known is None:
            known = self._verify(token)
            if len(self._verified) >= REMEMBERED:
                del self._verified[next(iter(self._verified))]
            self._verified[token] = known
        user_id, expires = known
        if expires <= time.time():
            self._verified.pop(token, None)
            raise Problem(401, "the access token is expired", "token-expired")
        return user_id

    def _verify(self, token: str) -> tuple[int, float]:
        try:
            if len(token) > LONGEST_TOKEN:
                raise jwt.InvalidTokenError("too long to be one of ours")
            claims = jwt.decode(
                token, self._key, algorithms=[ALGORITHM], issuer=ISSUER, audience=AUDIENCE,
                leeway=CLOCKS_DIFFER_SECONDS,  # for `iat`: `user_of` lets none live longer than its `exp`
                options={"require": ["sub", "iat", "exp", "iss", "aud"], "strict_aud": True},
            )  # fmt: skip
            if not _SUBJECT.fullmatch(claims["sub"]) or int(claims["sub"]) > MAX_ID:
                raise jwt.InvalidTokenError("not the id of a user")
            return int(claims["sub"]), float(claims["exp"])
        except jwt.ExpiredSignatureError:
            raise Problem(401, "the access token is expired", "token-expired") from None
        # A claim of an unexpected type may raise more than the library's own errors.
        except (jwt.InvalidTokenError, TypeError, ValueError, OverflowError):
            raise Problem(401, "the access token is missing or not valid", "token-invalid") from None


def random_token() -> str:
    """A refresh token."""
    return secrets.token_urlsafe(32)


def link_code() -> str:
    """A code to type into a chat."""
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))


def digest(secret: str) -> str:
    """What is kept and sent of a random token or a code: they are long enough to need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()
