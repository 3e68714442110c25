"""The mirror of UseCases: our own status is no news, anybody's else is."""

from typing import Any

from usecase_operator.cluster.usecases import UseCases


def resource(version: int, generation: int = 1, status: Any = None, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "usecase.dev/v1alpha1",
        "kind": "UseCase",
        "metadata": {
            "name": "x",
            "namespace": "n",
            "uid": "u",
            "generation": generation,
            "resourceVersion": str(version),
            "managedFields": [{"manager": "kubectl"}],
            **metadata,
        },
        "spec": {"components": []},
        "status": status or {"observedGeneration": -1},
    }


def watched() -> tuple[UseCases, list[str]]:
    woken: list[str] = []
    return UseCases(woken.append), woken


def test_a_new_resource_is_kept_without_its_managed_fields() -> None:
    usecases, woken = watched()
    usecases.put(resource(1))
    body = usecases.body("u")
    assert body is not None
    assert "managedFields" not in body["metadata"]
    assert body["status"] == {"observedGeneration": -1}
    assert woken == ["u"]
    assert usecases.uid_of(("n", "x")) == "u"


def test_the_echo_of_our_status_wakes_nobody_even_if_it_comes_late() -> None:
    usecases, woken = watched()
    usecases.put(resource(1))
    usecases.sending("u", {"backlog": "0"})
    usecases.sending("u", {"backlog": "1-9"})
    usecases.put(resource(2, status={"backlog": "0"}))
    usecases.put(resource(3, status={"backlog": "1-9"}))
    assert woken == ["u"]


def test_a_status_that_somebody_edited_wakes() -> None:
    usecases, woken = watched()
    usecases.put(resource(1))
    usecases.sending("u", {"backlog": "0"})
    usecases.put(resource(2, status={"backlog": "mine"}))
    assert woken == ["u", "u"]
    assert (usecases.body("u") or {})["status"] == {"backlog": "mine"}


def test_after_a_status_that_did_not_arrive_passes_go_on_from_the_one_that_did() -> None:
    usecases, _ = watched()
    usecases.put(resource(1, status={"backlog": "0"}))
    usecases.sending("u", {"backlog": "1-9"})
    usecases.put(resource(2, status={"backlog": "1-9"}))
    usecases.sending("u", {"backlog": "10-99"})
    usecases.unsent("u")
    assert (usecases.body("u") or {})["status"] == {"backlog": "1-9"}


def test_the_echo_of_the_status_before_the_last_leaves_the_last() -> None:
    usecases, _ = watched()
    usecases.put(resource(1))
    usecases.sending("u", {"backlog": "0"})
    usecases.sending("u", {"backlog": "1-9"})
    usecases.put(resource(2, status={"backlog": "0"}))
    assert (usecases.body("u") or {})["status"] == {"backlog": "1-9"}


def test_a_late_echo_counts_where_the_later_status_did_not_arrive() -> None:
    usecases, _ = watched()
    usecases.put(resource(1, status={"backlog": "0"}))
    usecases.sending("u", {"backlog": "1-9"})
    usecases.sending("u", {"backlog": "10-99"})
    usecases.unsent("u")
    usecases.put(resource(2, status={"backlog": "1-9"}))
    assert (usecases.body("u") or {})["status"] == {"backlog": "1-9"}


def test_a_body_has_the_newest_version_though_nothing_in_it_is_new() -> None:
    """A write that tests the version would fail for ever with one that is past."""
    usecases, woken = watched()
    usecases.put(resource(1))
    usecases.put(resource(2, labels={"team": "a"}))
    usecases.sending("u", {"backlog": "0"})
    usecases.put(resource(3, status={"backlog": "0"}, labels={"team": "a"}))
    assert (usecases.body("u") or {})["metadata"]["resourceVersion"] == "3"
    assert woken == ["u", "u"]


def test_a_new_spec_an_annotation_and_a_deletion_wake() -> None:
    usecases, woken = watched()
    usecases.put(resource(1))
    usecases.put(resource(2, generation=2))
    usecases.put(resource(3, generation=2, annotations={"a": "b"}))
    usecases.put(resource(4, generation=2, annotations={"a": "b"}, deletionTimestamp="2026-01-01T00:00:00Z"))
    assert woken == ["u"] * 4


def test_news_that_is_older_is_passed_over() -> None:
    usecases, woken = watched()
    usecases.put(resource(5, generation=2))
    usecases.put(resource(4, generation=1))
    assert woken == ["u"]
    assert (usecases.body("u") or {})["metadata"]["generation"] == 2


def test_the_name_belongs_to_the_newest_resource() -> None:
    usecases, _ = watched()
    usecases.put(resource(1))
    usecases.put({**resource(9), "metadata": {**resource(9)["metadata"], "uid": "next"}})
    usecases.forget("u")
    assert usecases.uid_of(("n", "x")) == "next"


def test_a_resource_whose_name_another_has_is_gone_though_nobody_told() -> None:
    usecases, woken = watched()
    usecases.put(resource(1))
    usecases.put(resource(9, uid="next"))
    assert usecases.uids() == ["next"]
    assert woken == ["u", "u", "next"]
    usecases.put(resource(5, generation=2))
    assert usecases.uids() == ["next"], "older news"


def test_what_a_list_does_not_name_is_forgotten_unless_it_is_younger_or_elsewhere() -> None:
    usecases, _ = watched()
    usecases.put(resource(1))
    usecases.put(resource(2, uid="there", name="there"))
    usecases.put(resource(3, uid="elsewhere", name="elsewhere", namespace="other"))
    usecases.put(resource(8, uid="younger", name="younger"))
    usecases.keep_only({"there"}, version=7, namespace="n")
    assert usecases.uids() == ["there", "elsewhere", "younger"]
    usecases.keep_only({"there", "younger"}, version=9, namespace=None)
    assert usecases.uids() == ["there", "younger"]
