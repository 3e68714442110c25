"""Documents and photos: checked, attached to a task, announced to whoever wants to know.

Which task: the one that is named in the caption (`#12`), or in the message that is replied to, or the one of the same
album; another caption makes a new task. The message to `task_events` describes the file (contract R27).
"""

from datetime import UTC, datetime

from usecase_bot import texts
from usecase_bot.api import Api
from usecase_bot.files import PHOTO_TYPE, SentFile, TooLarge, TypeRefused, accept
from usecase_bot.handlers.desk import Desk, event_id, person
from usecase_bot.handlers.tasks import create
from usecase_bot.numbers import argument, named_in
from usecase_bot.telegram import F, Message, Router, TelegramBadRequest
from usecase_contracts.messages import PUBLISHED_BY_BOT, AttachedTo, Attachment, AttachmentAdded, serialize
from usecase_contracts.tasks import Task
from usecase_contracts.topology import TASK_EVENTS, task_key
from usecase_runtime.context import outgoing_headers, request_id
from usecase_runtime.errors import NotFound

router = Router(name="files")


@router.message(F.document | F.photo)
async def attach(message: Message, api: Api, desk: Desk) -> None:
    try:
        file = accept(await _sent(message), max_size=desk.max_file_size, types=desk.file_types)
    except TooLarge:
        await message.answer(texts.too_large(desk.max_file_size))
        return
    except TypeRefused as refused:
        await message.answer(texts.type_refused(str(refused), desk.file_types))
        return
    number = _named(message, desk)
    try:
        task = await _task(message, number, api, desk)
    except NotFound:
        await message.answer(texts.not_found(number))
        return
    if task is None:
        return
    desk.remember_album(message.media_group_id, task.id)
    await _announce(message, task, file, desk)
    await message.answer(texts.attached(file.filename, task.id))


async def _sent(message: Message) -> SentFile:
    """The document, or the largest size of the photo. Where Telegram did not say how large it is, it is asked."""
    if message.document:
        document = message.document
        file_id, name, kind, size = document.file_id, document.file_name, document.mime_type, document.file_size
    else:
        assert message.photo, "the filter saw one"
        photo = max(message.photo, key=lambda each: each.width * each.height)
        file_id, name, kind, size = photo.file_id, f"photo_{photo.file_unique_id}.jpg", PHOTO_TYPE, photo.file_size
    return SentFile(file_id, name, kind, size if size is not None else await _asked_size(message, file_id))


async def _asked_size(message: Message, file_id: str) -> int:
    assert message.bot is not None
    try:
        known = (await message.bot.get_file(file_id)).file_size
    except TelegramBadRequest as error:  # "file is too big": larger than any bot may fetch
        raise TooLarge(file_id) from error
    if known is None:
        raise TooLarge(file_id)
    return known


def _named(message: Message, desk: Desk) -> int | None:
    """The number of the task that the file is for, as far as the message tells."""
    replied, album = message.reply_to_message, desk.albums.get(message.media_group_id or "")
    caption = argument(message.caption) or named_in(message.caption)
    if caption or not replied:
        return caption or album
    ours = replied.from_user is not None and message.bot is not None and replied.from_user.id == message.bot.id
    return (named_in(replied.text) if ours else None) or album


async def _task(message: Message, number: int | None, api: Api, desk: Desk) -> Task | None:
    if number:
        return await api.task(person(message), number)
    if message.caption:
        return await create(message, message.caption.removeprefix("/task "), api, desk)
    await api.require_account(person(message))  # somebody without an account is told that first
    await message.answer(texts.WHICH_TASK)
    return None


async def _announce(message: Message, task: Task, file: Attachment, desk: Desk) -> None:
    event = AttachmentAdded(
        event_id=event_id(message),
        timestamp=datetime.now(UTC),
        source_service=PUBLISHED_BY_BOT,
        request_id=request_id.get(),
        data=AttachedTo(id=task.id, user_id=task.user_id, attachment=file),
    )
    await desk.publisher.publish(
        TASK_EVENTS,
        task_key(event.event_type),
        serialize(event),
        message_id=str(event.event_id),
        headers=outgoing_headers(),
    )
