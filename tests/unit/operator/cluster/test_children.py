"""The mirror of children: it wakes for what matters, and older news never replaces newer."""

from typing import Any

from usecase_operator.cluster.children import DELETIONS, Children, ChildrenOfKind
from usecase_operator.metadata import HASH

OWNER = "owner-uid"


def service(version: int, *, uid: str = "s1", hash_: str = "h1", **metadata: Any) -> dict[str, Any]:
    return {
        "kind": "Service",
        "metadata": {
            "name": "x-web",
            "namespace": "n",
            "uid": uid,
            "resourceVersion": str(version),
            "annotations": {HASH: hash_},
            "ownerReferences": [{"kind": "UseCase", "uid": OWNER, "name": "x", "controller": True}],
            **metadata,
        },
    }


def watched() -> tuple[Children, list[str]]:
    woken: list[str] = []
    return Children(woken.append), woken


def test_a_new_child_wakes_its_owner_once() -> None:
    children, woken = watched()
    children.put(service(1))
    children.put(service(1))
    assert woken == [OWNER]
    assert children.of(OWNER)["Service", "x-web"].hash == "h1"


def test_news_that_is_older_than_our_own_write_is_passed_over() -> None:
    children, woken = watched()
    children.put(service(5, hash_="new"))
    children.put(service(4, hash_="old"))
    assert children.of(OWNER)["Service", "x-web"].hash == "new"
    assert woken == [OWNER]


def test_a_change_that_no_pass_looks_at_wakes_nobody() -> None:
    children, woken = watched()
    children.put(service(1))
    children.put(service(2, labels={"somebody": "else"}))
    assert woken == [OWNER]


def test_a_child_made_again_under_its_name_is_not_lost_with_the_old_one() -> None:
    children, _ = watched()
    children.put(service(1, uid="old"))
    children.put(service(2, uid="new"))
    children.remove(service(3, uid="old"))
    assert children.of(OWNER)["Service", "x-web"].uid == "new"


def test_a_child_that_lost_its_owner_is_forgotten() -> None:
    children, woken = watched()
    children.put(service(1))
    children.put(service(2, ownerReferences=[]))
    assert children.of(OWNER) == {}
    assert woken == [OWNER, OWNER]


def test_a_new_list_drops_what_is_gone_of_its_kind_and_scope_only() -> None:
    children, _ = watched()
    children.put(service(1))
    children.put({**service(1, uid="d1"), "kind": "ServiceAccount"})
    ChildrenOfKind(children, "Service", "other").keep_only(set())
    assert len(children.of(OWNER)) == 2
    ChildrenOfKind(children, "Service", None).keep_only(set())
    assert set(children.of(OWNER)) == {("ServiceAccount", "x-web")}


def test_a_child_that_somebody_deleted_is_known_as_lost_until_it_is_back() -> None:
    children, _ = watched()
    children.put(service(1))
    children.put(service(1, name="x-other", uid="s2"))
    children.remove(service(2))
    assert children.was_lost(OWNER, ("Service", "x-web"))
    children.put(service(3, uid="new"))
    assert not children.was_lost(OWNER, ("Service", "x-web"))


def test_a_child_that_we_deleted_is_not_lost() -> None:
    children, _ = watched()
    children.put(service(1))
    children.put(service(1, name="x-other", uid="s2"))
    children.dismiss("s1", gone=True)
    children.put(service(2, deletionTimestamp="now"))
    children.remove(service(3))
    assert not children.was_lost(OWNER, ("Service", "x-web"))


def test_the_last_child_is_missed_too_as_long_as_somebody_is_there_to_miss_it() -> None:
    children, _ = watched()
    children.put(service(1))
    children.remove(service(2))
    assert children.was_lost(OWNER, ("Service", "x-web"))
    children.forget_all_but([OWNER])
    assert children.was_lost(OWNER, ("Service", "x-web"))
    children.forget_all_but([])
    assert not children.was_lost(OWNER, ("Service", "x-web"))


def test_an_answer_that_comes_after_the_deletion_brings_nothing_back() -> None:
    children, woken = watched()
    children.put(service(1))
    children.remove(service(3))
    children.put(service(2, hash_="ours"))
    assert children.of(OWNER) == {}
    assert woken == [OWNER, OWNER]


def test_a_child_that_a_watch_shows_again_is_back() -> None:
    """Somebody took a label that the watch selects by, and it was put back: to the watch it was gone."""
    children, _ = watched()
    children.put(service(1))
    children.remove(service(3))
    children.put(service(4))
    assert children.of(OWNER)["Service", "x-web"].version == 4


def test_deletions_of_long_ago_are_not_kept() -> None:
    children, _ = watched()
    for version in range(DELETIONS + 1):
        children.remove(service(2 * version + 1, uid=str(version)))
    children.put(service(0, uid="0"))
    assert children.of(OWNER)["Service", "x-web"].uid == "0"
