"""/mytasks, /pending, /completed, /stats: what there is."""

from usecase_bot import texts
from usecase_bot.api import Api
from usecase_bot.handlers.desk import Desk, markup, person
from usecase_bot.presses import Listing, under_list
from usecase_bot.telegram import Command, CommandObject, InlineKeyboardMarkup, Message, Router

TITLES = {Listing.ALL: "All tasks", Listing.PENDING: "To do", Listing.COMPLETED: "Completed"}
router = Router(name="lists")


@router.message(Command(*Listing))
async def show(message: Message, command: CommandObject, api: Api, desk: Desk) -> None:
    text, buttons = await page(api, desk, person(message), Listing(command.command), 1)
    await message.answer(text, reply_markup=buttons)


@router.message(Command("stats"))
async def stats(message: Message, api: Api) -> None:
    await message.answer(texts.stats(await api.stats(person(message))))


async def page(
    api: Api, desk: Desk, telegram_id: int, listing: Listing, number: int
) -> tuple[str, InlineKeyboardMarkup | None]:
    """One page of a list, with its buttons."""
    found = await api.tasks(telegram_id, listing, number)
    return texts.task_list(found, TITLES[listing], desk.now()), markup(under_list(found, listing))
