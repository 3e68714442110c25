"""Kubernetes Events as they are posted."""

from typing import Any

from usecase_operator.cluster.events import NOTE_BYTES, Events
from usecases import component, make_usecase


class Posted:
    def __init__(self) -> None:
        self.bodies: list[Any] = []

    async def request(self, method: str, url: str, body: Any = None, **_: Any) -> Any:
        self.bodies.append(body)
        return {}


async def test_a_note_fits_in_bytes_whatever_its_letters() -> None:
    """The API server counts bytes, and last words of a container may be of any language."""
    posted = Posted()
    await Events(posted, "operator-0").post(
        make_usecase(component("web", "API")), "Warning", "CrashLoop", "ошибка " * 200
    )  # type: ignore[arg-type]
    (body,) = posted.bodies
    assert NOTE_BYTES - 4 < len(body["note"].encode()) <= NOTE_BYTES
    assert set(body["note"]) == set("ошибка ")
