"""Pressed buttons: the message that has them shows what came of it."""

from contextlib import suppress

from usecase_bot import texts
from usecase_bot.api import Api
from usecase_bot.handlers import lists
from usecase_bot.handlers.desk import Desk, markup, release
from usecase_bot.handlers.tasks import HEADLINES
from usecase_bot.presses import Change, Show, Turn, decode, for_task
from usecase_bot.telegram import (
    CallbackQuery,
    InlineKeyboardMarkup,
    Message,
    Router,
    TelegramBadRequest,
)
from usecase_runtime.errors import NotFound

UNCHANGED = "message is not modified"
router = Router(name="buttons")


@router.callback_query()
async def pressed(query: CallbackQuery, api: Api, desk: Desk) -> None:
    """Do what the button says, show it, and release it: until then it looks busy."""
    press, said = decode(query.data), ""
    try:
        match press:
            case Change(status, task_id):
                task = await api.change(query.from_user.id, task_id, status)
                said = HEADLINES.get(status, status.value)
                await _edit(query, texts.card(task, desk.now(), said), markup(for_task(task)))
            case Show(task_id):
                task = await api.task(query.from_user.id, task_id)
                await _answer_below(query, texts.card(task, desk.now()), markup(for_task(task)))
            case Turn(listing, number):
                await _edit(query, *await lists.page(api, desk, query.from_user.id, listing, number))
            case None:
                said = "I do not know this button any more."
    except NotFound:
        said = texts.not_found(None if isinstance(press, Turn | None) else press.task_id)
        await _without_buttons(query)
    await release(query, said or None)


async def _edit(query: CallbackQuery, text: str, buttons: InlineKeyboardMarkup | None) -> None:
    """Show it in place of what the message said; as a new message where that one is too old to be changed."""
    if not isinstance(query.message, Message):
        return await _answer_below(query, text, buttons)
    try:
        await query.message.edit_text(text, reply_markup=buttons)
    except TelegramBadRequest as error:
        if UNCHANGED not in error.message:
            await _answer_below(query, text, buttons)


async def _answer_below(query: CallbackQuery, text: str, buttons: InlineKeyboardMarkup | None) -> None:
    if query.message is not None:
        await query.message.answer(text, reply_markup=buttons)


async def _without_buttons(query: CallbackQuery) -> None:
    if isinstance(query.message, Message) and query.message.reply_markup:
        with suppress(TelegramBadRequest):  # pressed twice, they are gone already
            await query.message.edit_reply_markup(reply_markup=None)
