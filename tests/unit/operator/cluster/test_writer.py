"""What is written for a child, and what is left alone, with an API server of a few lines."""

from typing import Any

import pytest

from usecase_operator.cluster.children import Children
from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.fights import AT_ONCE, Fights
from usecase_operator.cluster.resource import Gone, Resource
from usecase_operator.cluster.usecases import UseCases
from usecase_operator.cluster.writer import Number, Repair, Writer
from usecase_operator.errors import Retry
from usecase_operator.metadata import ADOPT, INSTANCE, MANAGED_BY, MANAGER, with_hash
from usecase_operator.metadata import manifest as child_of
from usecase_operator.replicas import creation
from usecases import UID, make_usecase

Json = dict[str, Any]
USECASE = make_usecase()


def fields_of(value: Any) -> Json:
    """*value* as an entry of managedFields names it; lists of owners by their UID, others as a whole."""
    if isinstance(value, dict):
        return {f"f:{key}": fields_of(each) for key, each in value.items()}
    owners = isinstance(value, list) and value and isinstance(value[0], dict) and "uid" in value[0]
    return {f'k:{{"uid":"{each["uid"]}"}}': {} for each in value} if owners else {}


class Server:
    """Keeps objects; *asked* says what was requested, *refuses* what is answered with an error."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Json] = {("UseCase", USECASE.name): {"metadata": {"uid": UID}}}
        self.version = 100
        self.asked: list[str] = []
        self.refuses: dict[str, ApiError] = {}

    async def get_metadata(self, kind: str, namespace: str, name: str) -> Json | None:
        self._ask("get", kind, name)
        return self.objects.get((kind, name))

    get = get_metadata

    async def apply(self, manifest: Json, *, manager: str = MANAGER, force: bool = True) -> Json:
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        self._ask("apply", kind, name)
        self.version += 1
        known = self.objects.get((kind, name), {"metadata": {"uid": f"{name}-{self.version}"}, "spec": {}})
        metadata = {**known["metadata"], **manifest["metadata"], "resourceVersion": str(self.version)}
        entries = {each["manager"]: each for each in metadata.get("managedFields", ())}
        entries[manager] = {"manager": manager, "operation": "Apply", "fieldsV1": fields_of(manifest)}
        spec = {**known["spec"], **manifest["spec"]}
        if kind == "Deployment" and "replicas" in known["spec"] and not any(map(_holds_number, entries.values())):
            spec["replicas"] = 1  # who drops the number alone gets the default
        metadata["managedFields"] = list(entries.values())
        self.objects[kind, name] = {**known, **manifest, "metadata": metadata, "spec": spec}
        return self.objects[kind, name]

    async def delete(self, kind: str, namespace: str, name: str, uid: str) -> None:
        self._ask("delete", kind, name)

    def _ask(self, verb: str, kind: str, name: str) -> None:
        self.asked.append(f"{verb} {kind} {name}")
        if verb in self.refuses:
            raise self.refuses[verb]


def _holds_number(entry: Json) -> bool:
    return "f:replicas" in entry["fieldsV1"]["f:spec"]


class Made:
    """A writer with its mirror and its server."""

    def __init__(self) -> None:
        self.server = Server()
        self.children = Children(lambda _: None)
        resource = Resource(self.server, UseCases(lambda _: None))  # type: ignore[arg-type]
        self.now = 0.0
        self.later: list[float] = []
        self.writer = Writer(
            self.server,  # type: ignore[arg-type]
            self.children,
            resource,
            lambda _, seconds: self.later.append(seconds),
            Fights(lambda: self.now),
        )

    async def scaled(self, number: int) -> Json:
        """Somebody scales the Deployment; how the server keeps it then."""
        body = {"kind": "Deployment", "metadata": {"name": "shop-api"}, "spec": {"replicas": number}}
        return await self.server.apply(body, manager="kubectl")

    def damage(self, kind: str, name: str, field: str, value: Any) -> Json:
        """Somebody writes *value* to a field of the metadata: it is ours no more."""
        found = self.server.objects[kind, name]["metadata"]
        found[field] = value
        ours = found["managedFields"][0]["fieldsV1"]["f:metadata"]
        ours[f"f:{field}"] = fields_of(value)
        if not value:
            del ours[f"f:{field}"]
        found["resourceVersion"] = str(int(found["resourceVersion"]) + 1)
        return self.server.objects[kind, name]

    def take_away(self, kind: str, name: str) -> None:
        """Somebody deletes it, and the watch tells."""
        self.children.remove(self.server.objects.pop((kind, name)))


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


SERVICE = with_hash(child_of(USECASE, "v1", "Service", name="shop-api", component="api", spec={"ports": []}))


async def test_what_nobody_has_is_made_and_is_no_repair(made: Made) -> None:
    assert await made.writer.apply(USECASE, SERVICE) == Repair("Service", "shop-api")
    assert made.server.asked == ["get Service shop-api", "apply Service shop-api"]


async def test_what_was_taken_away_is_made_again(made: Made) -> None:
    await made.writer.apply(USECASE, SERVICE)
    made.take_away("Service", "shop-api")
    assert await made.writer.apply(USECASE, SERVICE) == Repair("Service", "shop-api", restored=True)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(None, id="gone"),
        pytest.param({"uid": "another"}, id="another has its name"),
        pytest.param({"uid": UID, "deletionTimestamp": "now"}, id="being deleted"),
    ],
)
async def test_what_was_collected_with_its_owner_is_not_made_again(made: Made, found: Json | None) -> None:
    await made.writer.apply(USECASE, SERVICE)
    made.take_away("Service", "shop-api")
    del made.server.objects["UseCase", USECASE.name]
    if found:
        made.server.objects["UseCase", USECASE.name] = {"metadata": found}
    with pytest.raises(Gone):
        await made.writer.apply(USECASE, SERVICE)
    assert ("Service", "shop-api") not in made.server.objects


async def test_a_label_that_the_watch_selects_by_is_put_back(made: Made) -> None:
    await made.writer.apply(USECASE, SERVICE)
    labels = {key: value for key, value in SERVICE["metadata"]["labels"].items() if key != MANAGED_BY}
    made.children.remove(made.damage("Service", "shop-api", "labels", labels))
    assert await made.writer.apply(USECASE, SERVICE) == Repair(
        "Service", "shop-api", (f"metadata.labels.{MANAGED_BY}",)
    )
    assert made.server.objects["Service", "shop-api"]["metadata"]["labels"] == SERVICE["metadata"]["labels"]


async def test_a_child_that_lost_its_owner_gets_it_back(made: Made) -> None:
    await made.writer.apply(USECASE, SERVICE)
    made.children.put(made.damage("Service", "shop-api", "ownerReferences", []))
    assert await made.writer.apply(USECASE, SERVICE) == Repair("Service", "shop-api", ("metadata.ownerReferences",))
    assert made.server.objects["Service", "shop-api"]["metadata"]["ownerReferences"]


async def test_a_child_that_a_deleted_use_case_leaves_behind_stays_behind(made: Made) -> None:
    await made.writer.apply(USECASE, SERVICE)
    made.children.put(made.damage("Service", "shop-api", "ownerReferences", []))
    made.server.objects["UseCase", USECASE.name]["metadata"]["deletionTimestamp"] = "now"
    with pytest.raises(Gone):
        await made.writer.apply(USECASE, SERVICE)
    assert made.server.objects["Service", "shop-api"]["metadata"]["ownerReferences"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("labels", {INSTANCE: "another", MANAGED_BY: MANAGER}, id="made for another use case"),
        pytest.param("annotations", {}, id="without the hash"),
        pytest.param("managedFields", [], id="not applied by us"),
        pytest.param("ownerReferences", [{"kind": "Shop", "name": "x", "controller": True}], id="has another owner"),
    ],
)
async def test_what_only_looks_like_ours_is_left_alone(made: Made, field: str, value: Any) -> None:
    await made.writer.apply(USECASE, SERVICE)
    found = made.damage("Service", "shop-api", "ownerReferences", [])
    found["metadata"][field] = value
    made.children.put(found)
    with pytest.raises(Retry, match="NameConflict"):
        await made.writer.apply(USECASE, SERVICE)


DEPLOYMENT = with_hash(
    child_of(USECASE, "apps/v1", "Deployment", name="shop-api", component="api", spec={"template": {}})
)


def remembers(number: int) -> Number:
    """As a status that says *number*, which a Deployment that is there keeps its own against."""
    return lambda *, live: number if live is None else None


def replicas(made: Made) -> int:
    return int(made.server.objects["Deployment", "shop-api"]["spec"]["replicas"])


async def test_a_deployment_is_made_with_the_number_that_is_remembered(made: Made) -> None:
    await made.writer.apply_deployment(USECASE, DEPLOYMENT, remembers(3))
    assert replicas(made) == 3


@pytest.mark.parametrize("stays_owned", [True, False])
async def test_a_deployment_that_the_watch_lost_keeps_its_number(made: Made, stays_owned: bool) -> None:
    await made.writer.apply_deployment(USECASE, DEPLOYMENT, remembers(3))
    if not stays_owned:
        made.damage("Deployment", "shop-api", "ownerReferences", [])
    made.children.remove(await made.scaled(5))
    await made.writer.apply_deployment(USECASE, DEPLOYMENT, remembers(3))
    assert replicas(made) == 5
    assert made.children.of(UID)["Deployment", "shop-api"].uid


async def test_a_number_that_is_new_wins_though_the_watch_lost_the_deployment(made: Made) -> None:
    await made.writer.apply_deployment(USECASE, DEPLOYMENT, remembers(3))
    made.children.remove(await made.scaled(5))
    await made.writer.apply_deployment(USECASE, DEPLOYMENT, lambda *, live: 2)
    assert replicas(made) == 2


async def test_a_creation_that_was_interrupted_unseen_hands_its_number_over(made: Made) -> None:
    first, *_ = creation(DEPLOYMENT, 3)
    await made.server.apply(first.body)
    await made.writer.apply_deployment(USECASE, DEPLOYMENT, remembers(4))
    assert replicas(made) == 3


async def test_a_deployment_that_was_offered_is_made_as_if_it_were_new(made: Made) -> None:
    theirs: Json = {"name": "shop-api", "namespace": "prod", "uid": "theirs", "annotations": {ADOPT: "true"}}
    made.server.objects["Deployment", "shop-api"] = {
        "kind": "Deployment",
        "metadata": theirs,
        "spec": {"replicas": 7},
    }
    await made.writer.apply_deployment(USECASE, DEPLOYMENT, remembers(3))
    assert replicas(made) == 3
    assert made.children.of(UID)["Deployment", "shop-api"].uid == "theirs"


async def test_a_child_that_is_fought_over_waits_asks_nothing_and_is_put_back_later(made: Made) -> None:
    await made.writer.apply(USECASE, SERVICE)
    for _ in range(AT_ONCE):
        made.children.put(made.damage("Service", "shop-api", "labels", {}))
        assert await made.writer.apply(USECASE, SERVICE), "at once"
    made.children.put(made.damage("Service", "shop-api", "labels", {}))
    made.server.asked.clear()
    assert await made.writer.apply(USECASE, SERVICE) is None
    assert (made.server.asked, made.later) == ([], [1.0])
    made.now += 1
    assert await made.writer.apply(USECASE, SERVICE)


async def test_a_new_version_does_not_wait_for_a_fight_to_end(made: Made) -> None:
    await made.writer.apply(USECASE, SERVICE)
    for _ in range(AT_ONCE + 1):
        made.children.put(made.damage("Service", "shop-api", "labels", {}))
        await made.writer.apply(USECASE, SERVICE)
    newer = with_hash({**SERVICE, "spec": {"ports": [{"port": 1}]}})
    await made.writer.apply(USECASE, newer)
    assert made.server.objects["Service", "shop-api"]["spec"] == newer["spec"]


async def test_a_deployment_that_is_deleted_again_and_again_waits_too(made: Made) -> None:
    await made.writer.apply_deployment(USECASE, DEPLOYMENT, remembers(1))
    for _ in range(AT_ONCE):
        made.take_away("Deployment", "shop-api")
        assert await made.writer.apply_deployment(USECASE, DEPLOYMENT, remembers(1))
    made.take_away("Deployment", "shop-api")
    assert await made.writer.apply_deployment(USECASE, DEPLOYMENT, remembers(1)) is None
    assert made.later == [1.0]


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
