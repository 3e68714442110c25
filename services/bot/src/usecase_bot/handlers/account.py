"""/start, /link, /help: who is this, and what can be said."""

from pydantic import ValidationError

from usecase_bot import texts
from usecase_bot.api import Api
from usecase_bot.handlers.desk import person
from usecase_bot.telegram import Command, CommandObject, CommandStart, Message, Router
from usecase_runtime.errors import NotFound

router = Router(name="account")


@router.message(CommandStart())
async def start(message: Message, command: CommandObject, api: Api) -> None:
    """With a code (a link `t.me/<bot>?start=CODE` sends it) the chat is linked; else whoever is linked is greeted."""
    if command.args:
        await link(message, command, api)
        return
    await message.answer(texts.welcome(await api.account(person(message))))


@router.message(Command("link"))
async def link(message: Message, command: CommandObject, api: Api) -> None:
    if not command.args:
        await message.answer(texts.LINK_USAGE)
        return
    try:
        username = await api.link(person(message), command.args.strip())
    except (NotFound, ValidationError):
        await message.answer(texts.BAD_CODE)
        return
    await message.answer(texts.welcome(username))


@router.message(Command("help"))
async def show_help(message: Message) -> None:
    await message.answer(texts.help_text())
