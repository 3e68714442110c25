"""How a Telegram id comes to speak for a user: it asks for a code, the bot brings it back."""

from fastapi import APIRouter, Request

from usecase_api.gate import AUTH, caller
from usecase_api.routes.auth import NEVER_STORED
from usecase_api.routes.parameters import DOCUMENTED_TOKEN, parts_of
from usecase_contracts.sessions import TelegramIdentity, TelegramLinkCode, TelegramLinkRequest, TelegramSession
from usecase_http.fastapi_credential import documented_bearer
from usecase_http.fastapi_problems import problems

router = APIRouter(prefix=f"{AUTH}/telegram", tags=["telegram"])
FOR_THE_BOT = [documented_bearer("BOT_CREDENTIAL"), *NEVER_STORED]
"""`gate` checks the credential."""


@router.post("/link_code", status_code=201, responses=problems(401), dependencies=[*DOCUMENTED_TOKEN, *NEVER_STORED])
async def offer_link(request: Request) -> TelegramLinkCode:
    """A code to send to the bot, once, within ten minutes. It ends an earlier one."""
    return await parts_of(request).sessions.offer_link(caller.get())


@router.post("/links", responses=problems(401, 404), dependencies=FOR_THE_BOT)
async def link(request: Request, body: TelegramLinkRequest) -> TelegramSession:
    """For the bot: link the chat that showed this code."""
    return await parts_of(request).sessions.link(body.code, body.telegram_id)


@router.post("", responses=problems(401, 404), dependencies=FOR_THE_BOT)
async def session_of_chat(request: Request, body: TelegramIdentity) -> TelegramSession:
    """For the bot: a token to act for whoever linked this id."""
    return await parts_of(request).sessions.of_telegram(body.telegram_id)
