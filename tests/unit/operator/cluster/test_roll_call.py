"""The roll call: who is not there is forgotten, who can't be asked for is not."""

from typing import Any

from usecase_operator.cluster.children import Children
from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.roll_call import call
from usecase_operator.cluster.usecases import UseCases


class Lists:
    """Namespace → name and version of the UseCases in it; any other namespace may not be listed."""

    def __init__(self, **found: dict[str, int]) -> None:
        self._found = found
        self.looked: list[str] = []

    async def roll(self, kind: str, namespace: str | None) -> tuple[dict[str, Any], int]:
        if namespace not in self._found:
            raise ApiError(403, "Forbidden", "no")
        there = self._found[namespace].items()
        return {name: resource(name, namespace, version)["metadata"] for name, version in there}, 10

    async def get(self, kind: str, namespace: str, name: str) -> dict[str, Any]:
        self.looked.append(name)
        return resource(name, namespace, self._found[namespace][name])


def resource(name: str, namespace: str, version: int = 1) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "uid": name, "resourceVersion": str(version)}
    return {"apiVersion": "usecase.dev/v1alpha1", "kind": "UseCase", "metadata": metadata, "spec": {}}


def lost(children: Children, owner: str) -> bool:
    return children.was_lost(owner, ("Service", "web"))


async def test_who_is_not_there_is_forgotten_with_what_it_lost() -> None:
    usecases, children = UseCases(lambda _: None), Children(lambda _: None)
    for name, namespace in (("there", "one"), ("ghost", "one"), ("unknown", "two")):
        usecases.put(resource(name, namespace))
        child = {"name": "web", "namespace": namespace, "uid": f"{name}-web", "resourceVersion": "1"}
        owner = [{"kind": "UseCase", "uid": name, "controller": True}]
        service = {"kind": "Service", "metadata": {**child, "ownerReferences": owner}}
        children.put(service)
        children.remove(service)
    await call(Lists(one={"there": 1}), usecases, children, ["one", "two"])  # type: ignore[arg-type]
    assert usecases.uids() == ["there", "unknown"]
    assert [lost(children, each) for each in ("there", "ghost", "unknown")] == [True, False, True]


async def test_who_was_not_seen_or_has_changed_since_is_looked_at() -> None:
    woken: list[str] = []
    usecases, children = UseCases(woken.append), Children(lambda _: None)
    for name in ("same", "changed"):
        usecases.put(resource(name, "one"))
    woken.clear()
    lists = Lists(one={"same": 1, "changed": 2, "unseen": 1})
    await call(lists, usecases, children, ["one"])  # type: ignore[arg-type]
    assert lists.looked == ["changed", "unseen"]
    assert usecases.uids() == ["same", "changed", "unseen"]
    assert "unseen" in woken
