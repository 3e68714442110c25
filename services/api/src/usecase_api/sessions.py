"""Logins: a name and a password, or a refresh token, become a session. The routes call this."""

from datetime import UTC, datetime, timedelta

from usecase_api.passwords import Passwords
from usecase_api.store.throttle import Throttle
from usecase_api.store.users import Users
from usecase_api.tokens import AccessTokens, link_code, random_token
from usecase_contracts.sessions import Registration, Session, TelegramLinkCode, TelegramSession
from usecase_contracts.users import User, UserCreate
from usecase_http.problem import Problem

LINK_CODE_LIFETIME = timedelta(minutes=10)


class Sessions:
    """Refresh tokens are good for `refresh_lifetime` from their issue; each is spent by one use."""

    def __init__(
        self, users: Users, tokens: AccessTokens, passwords: Passwords, throttle: Throttle, refresh_lifetime: timedelta
    ) -> None:
        self._users, self._tokens, self._passwords, self._throttle = users, tokens, passwords, throttle
        self._refresh_lifetime = refresh_lifetime

    async def register(self, asked: Registration, address: str) -> Session:
        """A new user, logged in."""
        await self._throttle.register(address)
        hashed = await self._passwords.hash(asked.password.get_secret_value())
        user = await self._users.create(UserCreate(username=asked.username, email=asked.email, hashed_password=hashed))
        try:
            return await self._begin(user.id)
        except Problem as problem:
            if problem.status != 503:
                raise
            # Without Retry-After: asked again, it would be told that its name is taken.
            raise Problem(503, "you are registered, but could not be logged in: log in", "outcome-unknown") from problem

    async def log_in(self, username: str, password: str, address: str) -> Session:
        """A user who knows the password. Nobody learns from time or answer whether the name exists."""
        await self._throttle.enter(username, address)
        try:
            known = await self._users.credentials(username)
            right = await self._passwords.matches(password, known.hashed_password if known else None)
        except Problem:
            await self._throttle.undecided(username, address)
            raise
        if known is None or not right:
            raise Problem(401, "the name or the password is wrong", "login-failed")
        await self._throttle.succeeded(username, address)
        return await self._begin(known.user.id)

    async def refresh(self, token: str) -> Session:
        """Whoever holds a refresh token that was not spent yet."""
        successor = random_token()
        user = await self._users.rotate(token, successor, datetime.now(UTC) + self._refresh_lifetime)
        if user is None:
            raise Problem(401, "the refresh token is unknown, expired or spent: log in again", "refresh-token-invalid")
        return self._session(user.id, successor)

    async def offer_link(self, user_id: int) -> TelegramLinkCode:
        """A code that links a chat to this user; it ends an earlier one."""
        code, expires_at = link_code(), datetime.now(UTC) + LINK_CODE_LIFETIME
        await self._users.put_link_code(user_id, code, expires_at)
        return TelegramLinkCode(code=code, expires_at=expires_at)

    async def link(self, code: str, telegram_id: int) -> TelegramSession:
        """A chat that showed a code. People type it as they like: letters are read as capitals."""
        user = await self._users.link(code.upper(), telegram_id)
        if user is None:
            raise Problem(404, "this code is unknown, expired or spent: ask for another", "code-not-found")
        return self._telegram_session(user)

    async def of_telegram(self, telegram_id: int) -> TelegramSession:
        """A chat that was linked."""
        user = await self._users.by_telegram(telegram_id)
        if user is None:
            raise Problem(404, "this Telegram id is not linked to anybody", "not-linked")
        return self._telegram_session(user)

    async def _begin(self, user_id: int) -> Session:
        token = random_token()
        await self._users.keep_refresh_token(user_id, token, datetime.now(UTC) + self._refresh_lifetime)
        return self._session(user_id, token)

    def _session(self, user_id: int, refresh_token: str) -> Session:
        return Session(
            access_token=self._tokens.issue(user_id), expires_in=self._tokens.seconds, refresh_token=refresh_token
        )

    def _telegram_session(self, user: User) -> TelegramSession:
        return TelegramSession(
            access_token=self._tokens.issue(user.id), expires_in=self._tokens.seconds, username=user.username
        )
