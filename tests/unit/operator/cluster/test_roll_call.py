"""The roll call: who is not there is forgotten, who can't be asked for is not."""

from typing import Any

from usecase_operator.cluster.children import Children
from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.roll_call import call
from usecase_operator.cluster.usecases import UseCases


class Lists:
    """Namespace → the UIDs in it; any other namespace may not be listed."""

    def __init__(self, **found: set[str]) -> None:
        self._found = found

    async def uids(self, kind: str, namespace: str | None) -> tuple[set[str], int]:
        if namespace not in self._found:
            raise ApiError(403, "Forbidden", "no")
        return self._found[namespace], 10


def resource(name: str, namespace: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "uid": name, "resourceVersion": "1"}
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
    await call(Lists(one={"there"}), usecases, children, ["one", "two"])  # type: ignore[arg-type]
    assert usecases.uids() == ["there", "unknown"]
    assert [lost(children, each) for each in ("there", "ghost", "unknown")] == [True, False, True]
