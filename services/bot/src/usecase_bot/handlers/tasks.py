"""Making tasks, and giving them another status.

Whoever has no account is told of that before what is wrong with the command (contract 6.1).
"""

from usecase_bot import entry, texts
from usecase_bot.api import Api
from usecase_bot.handlers.desk import Desk, markup, person
from usecase_bot.numbers import argument
from usecase_bot.presses import for_task
from usecase_bot.telegram import Command, CommandObject, F, Message, Router
from usecase_contracts.tasks import Task, TaskStatus
from usecase_runtime.errors import NotFound

BY_COMMAND = {
    "done": (TaskStatus.COMPLETED, "Completed"),
    "start_task": (TaskStatus.IN_PROGRESS, "Started"),
    "cancel": (TaskStatus.CANCELLED, "Cancelled"),
}
HEADLINES = dict(BY_COMMAND.values())
commands = Router(name="task commands")
free_text = Router(name="free text")


async def create(message: Message, text: str, api: Api, desk: Desk) -> Task | None:
    """The task that `text` describes, shown to its owner; None where the text describes none."""
    wanted = entry.read(text, desk.now())
    if wanted is None:
        await api.require_account(person(message))
        await message.answer(texts.TASK_USAGE)
        return None
    task = await api.create(person(message), wanted)
    await message.answer(texts.card(task, desk.now(), "Created"), reply_markup=markup(for_task(task)))
    return task


@commands.message(Command("task"))
async def new(message: Message, command: CommandObject, api: Api, desk: Desk) -> None:
    await create(message, command.args or "", api, desk)


@commands.message(Command(*BY_COMMAND))
async def change(message: Message, command: CommandObject, api: Api, desk: Desk) -> None:
    number = argument(command.args)
    if number is None:
        await api.require_account(person(message))
        await message.answer(texts.number_usage(command.command))
        return
    status, headline = BY_COMMAND[command.command]
    try:
        task = await api.change(person(message), number, status)
    except NotFound:
        await message.answer(texts.not_found(number))
        return
    await message.answer(texts.card(task, desk.now(), headline), reply_markup=markup(for_task(task)))


@free_text.message(F.text.startswith("/"))
async def unknown(message: Message, api: Api) -> None:
    await api.require_account(person(message))
    await message.answer(texts.NOT_UNDERSTOOD)


@free_text.message(F.text)
async def write(message: Message, api: Api, desk: Desk) -> None:
    await create(message, message.text or "", api, desk)


@free_text.message()
async def something_else(message: Message) -> None:
    await message.answer(texts.ONLY_TEXT_AND_FILES)
