"""What people do, done by a test or by the page: write, press, send files, block the bot; and a look at what it did."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot_api import markup
from bot_api.refusal import Refusal
from bot_api.world import Chat, Json, Said, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(world: World) -> list[web.RouteDef]:
    """The control API over `world`."""
    control = _Control(world)
    return [
        web.post("/control/messages", _json(control.write)),
        web.post("/control/documents", _json(control.send_document)),
        web.post("/control/photos", _json(control.send_photo)),
        web.post("/control/presses", _json(control.press)),
        web.get("/control/presses/{query}", _json(control.pressed)),
        web.post("/control/updates", _json(control.raw_update)),
        web.get("/control/chats", _json(control.chats)),
        web.get("/control/chats/{chat}/messages", _json(control.messages)),
        web.post("/control/chats/{chat}/block", _json(control.block)),
        web.delete("/control/chats/{chat}/block", _json(control.unblock)),
        web.get("/control/calls", _json(control.calls)),
        web.get("/control/updates", _json(control.waiting)),
        web.get("/control/commands", _json(control.commands)),
        web.post("/control/faults", _json(control.fault)),
        web.delete("/control/faults", _json(control.no_faults)),
        web.post("/control/reset", _json(control.reset)),
    ]


class _Control:
    def __init__(self, world: World) -> None:
        self._world = world

    async def write(self, request: web.Request) -> Json:
        """`{"chat_id", "text"}`, also `first_name`, `username`, `type`, `from_id`, `reply_to_message_id`."""
        wanted = await _body(request, "chat_id", "text")
        return self._sent(wanted, {"text": str(wanted["text"])}, markup.plain(str(wanted["text"])).html)

    async def send_document(self, request: web.Request) -> Json:
        """`{"chat_id", "file_name", "mime_type", "file_size"}`, also `caption`; a null field is left out, as Telegram
        may do (`hidden_size`: the size that only getFile tells).
        """
        wanted = await _body(request, "chat_id")
        size = wanted.get("file_size")
        file = self._file(int(size if size is not None else wanted.get("hidden_size", 0)))
        document = {"file_name": wanted.get("file_name"), "mime_type": wanted.get("mime_type"), "file_size": size}
        ids = {"file_id": file["file_id"], "file_unique_id": file["file_unique_id"]}
        content = {"document": ids | {key: value for key, value in document.items() if value is not None}}
        return self._sent(wanted, content | _caption(wanted), _file_html(str(wanted.get("file_name")), wanted))

    async def send_photo(self, request: web.Request) -> Json:
        """`{"chat_id", "file_size"}`, also `caption`, `media_group_id`: in three sizes, the largest of that size."""
        wanted = await _body(request, "chat_id", "file_size")
        sizes = [(90, 60), (320, 213), (1280, 853)]
        photos = [
            self._file(max(1, int(wanted["file_size"]) * width // 1280)) | {"width": width, "height": height}
            for width, height in sizes
        ]
        return self._sent(wanted, {"photo": photos} | _caption(wanted), _file_html("photo", wanted))

    async def press(self, request: web.Request) -> Json:
        """`{"chat_id", "message_id", "data"}`: 404 unless that message has such a button."""
        wanted = await _body(request, "chat_id", "message_id", "data")
        said = self._chat(wanted["chat_id"]).said.get(int(wanted["message_id"]))
        rows = said.message.get("reply_markup", {}).get("inline_keyboard", []) if said else []
        if said is None or wanted["data"] not in [each.get("callback_data") for row in rows for each in row]:
            raise Refusal(404, "there is no such button")
        return {"query_id": self._world.press(said, _person(said.message["chat"], wanted), wanted["data"])}

    async def pressed(self, request: web.Request) -> Json:
        """Whether and how the bot answered a pressed button."""
        try:
            return self._world.queries[request.match_info["query"]]
        except KeyError:
            raise Refusal(404, "no such button was pressed") from None

    async def raw_update(self, request: web.Request) -> Json:
        """`{"kind", "content"}`: an update as it is written."""
        wanted = await _body(request, "kind", "content")
        return {"update_id": self._world.update(str(wanted["kind"]), wanted["content"])}

    async def chats(self, _: web.Request) -> list[Json]:
        return [chat.about | {"blocked": chat.blocked} for chat in self._world.chats.values()]

    async def messages(self, request: web.Request) -> list[Json]:
        """Both sides of a chat in order; `?by=bot` or `?by=user` one of them."""
        chat, by = self._world.chats.get(int(request.match_info["chat"])), request.query.get("by")
        said = chat.said.values() if chat else []
        return [_seen(each) for each in said if by is None or (by == "bot") == each.by_bot]

    async def block(self, request: web.Request) -> Json:
        """The person blocks the bot: 403 from now on."""
        self._chat(request.match_info["chat"]).blocked = True
        return {}

    async def unblock(self, request: web.Request) -> Json:
        self._chat(request.match_info["chat"]).blocked = False
        return {}

    async def calls(self, request: web.Request) -> list[Json]:
        """What the bot called, with time and outcome; `?method=sendMessage` one method."""
        method = request.query.get("method", "").lower()
        return [each for each in self._world.calls if not method or each["method"].lower() == method]

    async def waiting(self, _: web.Request) -> list[Json]:
        """Updates that the bot has not confirmed."""
        return self._world.updates

    async def commands(self, _: web.Request) -> list[Json]:
        return self._world.commands

    async def fault(self, request: web.Request) -> Json:
        """See `faults.Fault`."""
        try:
            fault = self._world.faults.add(await _body(request, "kind"))
        except (ValueError, TypeError) as error:
            raise Refusal(400, str(error)) from None
        return {"kind": fault.kind, "method": fault.method}

    async def no_faults(self, _: web.Request) -> Json:
        self._world.faults.clear()
        return {}

    async def reset(self, _: web.Request) -> Json:
        self._world.reset()
        return {}

    def _chat(self, number: Any) -> Chat:
        try:
            return self._world.chats[int(number)]
        except (KeyError, ValueError):
            raise Refusal(404, f"nobody wrote in chat {number} yet") from None

    def _file(self, size: int) -> Json:
        file: Json = {"file_id": secrets.token_urlsafe(24), "file_unique_id": secrets.token_hex(6), "file_size": size}
        self._world.files[file["file_id"]] = file
        return file

    def _sent(self, wanted: Json, content: Json, html: str) -> Json:
        chat = self._world.chat(
            int(wanted["chat_id"]), {name: wanted.get(name) for name in ("first_name", "username", "type")}
        )
        if "reply_to_message_id" in wanted:
            replied = int(wanted["reply_to_message_id"])
            if replied not in chat.said:
                raise Refusal(404, f"there is no message {replied} to reply to")
            content["reply_to_message"] = chat.said[replied].message
        if album := wanted.get("media_group_id"):
            content["media_group_id"] = str(album)
        said = self._world.say(chat, _person(chat.about, wanted), content, html, by_bot=False)
        self._world.update("message", said.message)
        return _seen(said)


def _person(chat: Json, wanted: Json) -> Json:
    names = {"first_name": chat["first_name"], "username": chat["username"]}
    return {"id": int(wanted.get("from_id") or chat["id"]), "is_bot": False, "language_code": "en"} | names


def _caption(wanted: Json) -> Json:
    return {"caption": str(wanted["caption"])} if wanted.get("caption") else {}


def _file_html(name: str, wanted: Json) -> str:
    return markup.plain(f"📎 {name} {wanted.get('caption') or ''}".strip()).html


def _seen(said: Said) -> Json:
    rows = said.message.get("reply_markup", {}).get("inline_keyboard", [])
    return {
        "message_id": said.message["message_id"],
        "by": "bot" if said.by_bot else "user",
        "text": said.message.get("text") or said.message.get("caption"),
        "html": said.html,
        "buttons": [[{"text": each["text"], "data": each.get("callback_data")} for each in row] for row in rows],
        "date": said.message["date"],
        "edits": said.edits,
    }


async def _body(request: web.Request, *needed: str) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise Refusal(400, "the body must be JSON") from None
    if missing := [name for name in needed if not isinstance(body, dict) or body.get(name) is None]:
        raise Refusal(400, f"missing: {', '.join(missing)}")
    return dict(body)


def _json(handler: Callable[[web.Request], Awaitable[Any]]) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await handler(request))
        except Refusal as refusal:
            return web.json_response({"error": refusal.description}, status=refusal.status)
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer
