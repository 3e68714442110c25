"""Who gets a pass before everything was seen."""

from typing import Any

import pytest

from usecase_operator.admission import Admission


class Scope:
    """Of one namespace, which was *seen* or is *lost*."""

    def __init__(self, namespace: str, *, seen: bool, lost: bool = False) -> None:
        self.namespace, self.seen, self.lost = namespace, seen, lost

    def admits(self, *, ending: bool) -> bool:
        return self.seen or (ending and self.lost)


BODIES: dict[str, Any] = {
    "one": {"metadata": {"namespace": "seen"}},
    "two": {"metadata": {"namespace": "unseen"}},
    "three": {"metadata": {"namespace": "lost", "deletionTimestamp": "2026-01-01T00:00:00Z"}},
    "four": {"metadata": {"namespace": "lost"}},
}


def made(*scopes: Scope) -> tuple[Admission, list[str]]:
    again: list[str] = []
    admission = Admission(BODIES.get, again.append)
    admission.scopes = scopes  # type: ignore[assignment]
    return admission, again


@pytest.mark.parametrize(
    ("uid", "admitted"), [("one", True), ("two", False), ("three", True), ("four", False), ("gone", True)]
)
def test_each_waits_for_its_own_scope_alone(uid: str, admitted: bool) -> None:
    admission, _ = made(Scope("seen", seen=True), Scope("unseen", seen=False), Scope("lost", seen=False, lost=True))
    assert admission.admits(uid) is admitted


def test_who_waits_is_asked_for_again_once_there_are_news() -> None:
    unseen = Scope("unseen", seen=False)
    admission, again = made(unseen)
    assert not admission.admits("two")
    unseen.seen = True
    admission.news()
    admission.news()
    assert again == ["two"]
    assert admission.admits("two")
