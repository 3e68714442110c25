"""What is written for a child, and what is left alone, with an API server of a few lines."""

from typing import Any

import pytest

from usecase_operator.cluster.children import Children
from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.writer import Writer
from usecases import UID, make_usecase

Json = dict[str, Any]
USECASE = make_usecase()


class Server:
    """Keeps objects; *asked* says what was requested, *refuses* what is answered with an error."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refuses: dict[str, ApiError] = {}

    async def delete(self, kind: str, namespace: str, name: str, uid: str) -> None:
        self._ask("delete", kind, name)

    def _ask(self, verb: str, kind: str, name: str) -> None:
        self.asked.append(f"{verb} {kind} {name}")
        if verb in self.refuses:
            raise self.refuses[verb]


class Made:
    """A writer with its mirror and its server."""

    def __init__(self) -> None:
        self.server = Server()
        self.children = Children(lambda _: None)
        self.writer = Writer(self.server, self.children)  # type: ignore[arg-type]


@pytest.fixture
def made() -> Made:
    return Made()


def stored(kind: str, name: str, version: int = 1, **metadata: Any) -> Json:
    """An object of ours as the server keeps it."""
    owner = {"kind": "UseCase", "uid": UID, "name": USECASE.name, "controller": True}
    return {
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": USECASE.namespace,
            "uid": name,
            "resourceVersion": str(version),
            "ownerReferences": [owner],
            **metadata,
        },
    }


@pytest.mark.parametrize("fails", [True, False])
async def test_only_a_child_that_we_did_delete_is_no_loss(made: Made, fails: bool) -> None:
    if fails:
        made.server.refuses["delete"] = ApiError(403, "Forbidden", "no")
    key = ("Service", "shop-api")
    made.children.put(stored(*key))
    made.children.put(stored("Service", "shop-other"))
    try:
        await made.writer.delete(*key, made.children.of(UID)[key])
    except ApiError:
        assert fails
    made.children.put(stored(*key, version=2, deletionTimestamp="now"))
    made.children.remove(stored(*key, version=3))
    assert made.children.was_lost(UID, key) is fails
