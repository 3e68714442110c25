"""Which files may be attached to a task. Pure: decides from what Telegram says about a file; no byte is fetched.

The type is the sender's word, so its name must not say otherwise; size and type are checked before anything else
happens (R27). The file itself stays with Telegram: the event carries its id.
"""

import mimetypes
from dataclasses import dataclass

from usecase_contracts.messages import Attachment

DEFAULT_TYPES = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "application/pdf",
        "text/plain",
        "application/msword",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    }
)
PHOTO_TYPE = "image/jpeg"
LONGEST_NAME = 255


@dataclass(frozen=True)
class SentFile:
    """A file as Telegram describes it; what it does not know is None."""

    file_id: str
    name: str | None
    content_type: str | None
    size: int


class TooLarge(ValueError):  # noqa: N818 - read as a sentence: `raise TooLarge(...)`
    """Over the limit."""


class TypeRefused(ValueError):  # noqa: N818
    """Of a type that is not taken, or of two types at once."""


def accept(file: SentFile, *, max_size: int, types: frozenset[str]) -> Attachment:
    """What the event says about `file`. Raises TooLarge or TypeRefused."""
    if file.size > max_size:
        raise TooLarge(file.size)
    kind = (file.content_type or "").lower()
    by_name, _ = mimetypes.guess_type(file.name or "", strict=False)
    if kind not in types or (by_name is not None and by_name != kind):
        raise TypeRefused(kind or "unknown")
    name = (file.name or f"file{mimetypes.guess_extension(kind) or ''}")[-LONGEST_NAME:]
    return Attachment(filename=name, content_type=kind, size=file.size, telegram_file_id=file.file_id)
