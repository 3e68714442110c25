"""The methods of the Bot API that a bot for tasks calls. Each takes parameters and gives the `result`, or refuses."""

import json
import re
from collections.abc import Callable
from typing import Any

from bot_api import keyboard
from bot_api.markup import Parsed, parse, plain, units
from bot_api.refusal import Refusal, bad_request
from bot_api.world import Chat, Json, Said, World

LONGEST_TEXT = 4096
LONGEST_ANSWER = 200
LARGEST_FILE = 20 * 1024 * 1024
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
Parameters = dict[str, str]
Method = Callable[[World, Json, Parameters], Any]
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def get_me(_: World, bot: Json, __: Parameters) -> Json:
    return bot | {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}


def delete_webhook(world: World, _: Json, sent: Parameters) -> bool:
    if sent.get("drop_pending_updates", "").lower() == "true":
        world.updates.clear()
    return True


def set_my_commands(world: World, _: Json, sent: Parameters) -> bool:
    try:
        commands = json.loads(sent.get("commands", ""))
        named = [(str(each["command"]), str(each["description"])) for each in commands]
    except (ValueError, KeyError, TypeError):
        raise bad_request("can't parse commands JSON object") from None
    if len(named) > 100 or not all(_COMMAND.fullmatch(name) and 1 <= len(text) <= 256 for name, text in named):
        raise bad_request("BOT_COMMAND_INVALID")
    world.commands = commands
    return True


def send_message(world: World, bot: Json, sent: Parameters) -> Json:
    chat = _writable(world, sent)
    parsed = _text(sent)
    content: Json = {"text": parsed.text, "entities": parsed.entities}
    if buttons := keyboard.read(sent.get("reply_markup")):
        content["reply_markup"] = buttons
    return world.say(chat, bot, content, parsed.html, by_bot=True).message


def edit_message_text(world: World, _: Json, sent: Parameters) -> Json:
    said, parsed, buttons = _own(world, sent), _text(sent), keyboard.read(sent.get("reply_markup"))
    same_text = (said.message.get("text"), said.message.get("entities")) == (parsed.text, parsed.entities)
    if same_text and said.message.get("reply_markup") == buttons:
        raise bad_request(NOT_MODIFIED)
    world.edit(said, parsed, buttons)
    return said.message


def edit_message_reply_markup(world: World, _: Json, sent: Parameters) -> Json:
    said, buttons = _own(world, sent), keyboard.read(sent.get("reply_markup"))
    if said.message.get("reply_markup") == buttons:
        raise bad_request(NOT_MODIFIED)
    world.edit(said, None, buttons)
    return said.message


def answer_callback_query(world: World, _: Json, sent: Parameters) -> bool:
    query = world.queries.get(sent.get("callback_query_id", ""))
    if query is None or query["answered"]:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text = sent.get("text")
    if text and units(text) > LONGEST_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    query |= {"answered": True, "text": text, "show_alert": sent.get("show_alert", "").lower() == "true"}
    return True


def get_file(world: World, _: Json, sent: Parameters) -> Json:
    file = world.files.get(sent.get("file_id", ""))
    if file is None:
        raise bad_request("invalid file_id")
    if file["file_size"] > LARGEST_FILE:
        raise bad_request("file is too big")
    return file


METHODS: dict[str, Method] = {
    "getme": get_me,
    "deletewebhook": delete_webhook,
    "setmycommands": set_my_commands,
    "sendmessage": send_message,
    "editmessagetext": edit_message_text,
    "editmessagereplymarkup": edit_message_reply_markup,
    "answercallbackquery": answer_callback_query,
    "getfile": get_file,
}
"""All but getUpdates, which waits (`calls`). Telegram does not mind the case of a method's name."""


def _writable(world: World, sent: Parameters) -> Chat:
    try:
        chat = world.chats[int(sent["chat_id"])]
    except KeyError:
        raise bad_request("chat not found" if sent.get("chat_id") else "chat_id is empty") from None
    except ValueError:
        raise bad_request("chat not found") from None
    if chat.blocked:
        raise Refusal(403, "Forbidden: bot was blocked by the user")
    return chat


def _own(world: World, sent: Parameters) -> Said:
    chat = _writable(world, sent)
    number = sent.get("message_id", "")
    said = chat.said.get(int(number)) if number.isdecimal() else None
    if said is None:
        raise bad_request("message to edit not found")
    if not said.by_bot:
        raise bad_request("message can't be edited")
    return said


def _text(sent: Parameters) -> Parsed:
    mode, text = sent.get("parse_mode", "").lower(), sent.get("text", "")
    if mode not in ("", "html"):
        raise bad_request("unsupported parse_mode")
    parsed = parse(text) if mode else plain(text)
    if not parsed.text.strip():
        raise bad_request("message text is empty")
    if units(parsed.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return parsed
