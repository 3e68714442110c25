"""Telegram's HTML, parsed as strictly as Telegram does: plain text, entities, and HTML that a page may show. Pure."""

import html
import re
from dataclasses import dataclass
from typing import Any

from bot_api.refusal import Refusal, bad_request

KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
}  # fmt: skip
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]*)(?P<rest>[^<>]*)>")
_NAMED = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]+|#x[0-9a-fA-F]+);")
_HREF = re.compile(r"""\s+href\s*=\s*(?:"([^"]*)"|'([^']*)')\s*""")


@dataclass(frozen=True)
class Parsed:
    """`entities` count in UTF-16 units, as Telegram does."""

    text: str
    entities: list[dict[str, Any]]
    html: str


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def plain(text: str) -> Parsed:
    """Text without a parse mode."""
    return Parsed(text, [], html.escape(text))


def parse(source: str) -> Parsed:
    """Raises Refusal (400, "can't parse entities") where Telegram would not send it."""
    text, shown, entities, at = "", "", list[dict[str, Any]](), 0
    open_tags: list[tuple[str, dict[str, Any]]] = []
    while at < len(source):
        start = source.find("<", at)
        chunk = _NAMED.sub(lambda found: html.unescape(found[0]), source[at : start if start >= 0 else len(source)])
        text, shown = text + chunk, shown + html.escape(chunk)
        if start < 0:
            break
        tag = _TAG.match(source, start)
        where = len(source[:start].encode())
        name = tag["name"].lower() if tag else ""
        if tag is None or name not in KINDS:
            found = source[start + 1 : start + 20].split(">")[0]
            raise _unparsed(f'Unsupported start tag "{found}" at byte offset {where}')
        if not tag["close"]:
            entity: dict[str, Any] = {"type": KINDS[name], "offset": units(text), "length": 0}
            entity |= _link(name, tag["rest"])
            open_tags.append((name, entity))
            shown += f"<{name}{_shown_link(entity)}>"
        else:
            if not open_tags or open_tags[-1][0] != name:
                expected = f', expected "</{open_tags[-1][0]}>", found "</{name}>"' if open_tags else ""
                raise _unparsed(f"Unmatched end tag at byte offset {where}{expected}")
            _, entity = open_tags.pop()
            entity["length"] = units(text) - entity["offset"]
            entities += [entity] if entity["length"] else []
            shown += f"</{name}>"
        at = tag.end()
    if open_tags:
        raise _unparsed(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return Parsed(text, sorted(entities, key=lambda each: (each["offset"], -each["length"])), shown)


def _link(name: str, attributes: str) -> dict[str, str]:
    found = _HREF.fullmatch(attributes) if name == "a" else None
    return {"url": html.unescape(found[1] or found[2] or "")} if found else {}


def _shown_link(entity: dict[str, Any]) -> str:
    url = entity.get("url", "")
    return f' href="{html.escape(url)}" rel="noreferrer"' if url.startswith(("http://", "https://")) else ""


def _unparsed(reason: str) -> Refusal:
    return bad_request(f"can't parse entities: {reason}")
