"""The mirror of a namespace's Secrets: what people gave, apart from what we made."""

from typing import Any

from usecase_operator.cluster.children import Children
from usecase_operator.cluster.secrets import SecretsOfNamespace

OURS = [{"kind": "UseCase", "uid": "owner-uid", "name": "x", "controller": True}]


def secret(version: int, value: str = "eA==", **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "s", "namespace": "n", "uid": "s1", "resourceVersion": str(version), **metadata},
        "data": {"key": value},
    }


def watched() -> tuple[SecretsOfNamespace, Children, list[str]]:
    told: list[str] = []
    children = Children(lambda _: None)
    return SecretsOfNamespace("n", children, lambda _, name: told.append(name)), children, told


def test_a_secret_is_told_when_it_comes_changes_and_goes() -> None:
    secrets, _, told = watched()
    secrets.put(secret(1))
    secrets.put(secret(2, labels={"a": "b"}))
    secrets.put(secret(3, "eQ=="))
    secrets.remove(secret(4))
    assert told == ["s", "s", "s"]
    assert secrets.get("s") is None


def test_values_are_kept_of_connection_secrets_only() -> None:
    secrets, _, _ = watched()
    secrets.put(secret(1))
    found = secrets.get("s")
    assert found
    assert found.data is None
    connection = secret(2)
    connection["data"]["managementUri"] = "eA=="
    secrets.put(connection)
    assert (found := secrets.get("s"))
    assert found.data == connection["data"]


def test_a_secret_that_was_handed_over_is_nobodys_any_more() -> None:
    secrets, children, told = watched()
    secrets.put(secret(1))
    secrets.put(secret(2, ownerReferences=OURS))
    assert ("Secret", "s") in children.of("owner-uid")
    assert secrets.get("s") is None
    assert told == ["s", "s"]
