"""The difference of two topologies; the property that matters: carrying it out leaves no difference."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usecase_operator.topology.objects import (
    Binding,
    Exchange,
    Permission,
    Policy,
    Queue,
    Topology,
    User,
    Vhost,
)
from usecase_operator.topology.ownership import mark
from usecase_operator.topology.plan import Inventory, Plan, diff, not_ours

UID = "uid-1"
QUORUM = {"x-queue-type": "quorum"}
NAMES = st.sampled_from(["a", "b", "c", "d.retry"])


def executed(plan: Plan, on: Topology) -> Topology:
    """A broker of dictionaries: what carrying *plan* out makes of *on*. It never changes what exists in place
    where RabbitMQ does not."""

    def declared(found: Mapping[str, Any], new: Any, gone: Any, *, immutable: bool) -> dict[str, Any]:
        kept = {name: each for name, each in found.items() if name not in gone}
        added = {getattr(each, "user", None) or each.name: each for each in new}
        return added | kept if immutable else kept | added

    return Topology(
        vhost=plan.vhost or on.vhost,
        exchanges=declared(on.exchanges, plan.exchanges, plan.delete_exchanges, immutable=True),
        queues=declared(on.queues, plan.queues, plan.delete_queues, immutable=True),
        bindings=(on.bindings | set(plan.bindings)) - set(plan.delete_bindings),
        policies=declared(on.policies, plan.policies, plan.delete_policies, immutable=False),
        users=declared(on.users, plan.users, plan.delete_users, immutable=False),
        permissions=declared(on.permissions, plan.permissions, plan.delete_permissions, immutable=False),
    )


def named(values: Any) -> Any:
    return values.map(lambda found: {each.name: each for each in found})


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    exchanges = draw(named(st.lists(st.builds(Exchange, NAMES, st.sampled_from(["topic", "fanout"])))))
    queues = draw(named(st.lists(st.builds(Queue, NAMES, st.sampled_from([QUORUM, {**QUORUM, "x-max-priority": 3}])))))
    pairs = [(exchange, queue) for exchange in exchanges for queue in queues]
    bindings = draw(
        st.frozensets(
            st.builds(lambda pair, key: Binding(*pair, key), st.sampled_from(pairs), st.sampled_from(["", "k.#"]))
        )
        if pairs
        else st.just(frozenset())
    )
    policies = draw(
        named(
            st.lists(
                st.builds(
                    Policy,
                    NAMES.map("usecase.queue.{}".format),
                    NAMES.map("^{}$".format),
                    st.sampled_from([{"delivery-limit": 1}, {"delivery-limit": -1}]),
                )
            )
        )
    )
    users = draw(named(st.lists(st.builds(User, NAMES, st.just(mark(UID)), st.sampled_from(["h1", "h2"])))))
    permissions = {name: Permission(name, "^$", draw(NAMES), "^$") for name in users}
    vhost = Vhost("ns.uc", mark(UID), "UseCase ns/uc")
    return Topology(vhost, exchanges, queues, bindings, policies, users, permissions)


@given(topologies())
def test_equal_topologies_need_nothing(topology: Topology) -> None:
    plan = diff(topology, topology, Inventory.of(topology), UID)
    assert plan == Plan()


@given(topologies(), topologies())
def test_carrying_the_plan_out_leaves_no_difference(wanted: Topology, found: Topology) -> None:
    inventory = Inventory.of(found)
    plan = diff(wanted, found, inventory, UID)
    after = diff(wanted, executed(plan, found), inventory | Inventory.of(wanted), UID)
    assert not after.declared
    assert not after.deletes
    assert after.conflicts == plan.conflicts
    assert after.foreign == ()


@given(topologies(), topologies())
def test_what_somebody_else_made_is_never_deleted(wanted: Topology, found: Topology) -> None:
    strangers = replace(
        found,
        policies={f"theirs.{name}": replace(each, name=f"theirs.{name}") for name, each in found.policies.items()},
        users={},
        permissions={},
    )
    plan = diff(wanted, strangers, Inventory(), UID)
    assert not plan.deletes
    after = executed(plan, strangers)
    assert after.queues.keys() >= strangers.queues.keys()
    assert after.exchanges.keys() >= strangers.exchanges.keys()
    assert after.bindings >= strangers.bindings
    assert after.policies.keys() >= strangers.policies.keys()


@pytest.mark.parametrize(
    "theirs",
    [
        pytest.param(Binding("e", "q", "k", '{"note":"debug"}'), id="with-arguments"),
        pytest.param(Binding("e", "q", "k", destination_type="exchange"), id="to-an-exchange"),
    ],
)
def test_a_binding_that_only_reads_like_ours_is_somebody_elses(theirs: Binding) -> None:
    ours = Binding("e", "q", "k")
    wanted = make(bindings=frozenset({ours}))
    plan = diff(wanted, make(bindings=frozenset({ours, theirs})), Inventory.of(wanted), UID)
    assert plan == Plan(foreign=("binding e -> q ('k')",))


def make(**fields: Any) -> Topology:
    return Topology(vhost=Vhost("ns.uc", mark(UID), ""), **fields)


@pytest.mark.parametrize(
    ("found", "wanted", "words"),
    [
        pytest.param(
            make(queues={"q": Queue("q", {"x-queue-type": "classic"})}),
            make(queues={"q": Queue("q", QUORUM)}),
            "queue q: argument x-queue-type is 'classic' and should be 'quorum'",
            id="queue type",
        ),
        pytest.param(
            make(queues={"q": Queue("q", QUORUM, durable=False)}),
            make(queues={"q": Queue("q", QUORUM)}),
            "queue q: durable is False and should be True",
            id="durable",
        ),
        pytest.param(
            make(exchanges={"e": Exchange("e", "topic")}),
            make(exchanges={"e": Exchange("e", "fanout")}),
            "exchange e: type is 'topic' and should be 'fanout'",
            id="exchange type",
        ),
    ],
)
def test_what_the_broker_cannot_change_is_a_conflict_and_stays(found: Topology, wanted: Topology, words: str) -> None:
    plan = diff(wanted, found, Inventory.of(found), UID)
    assert [str(each) for each in plan.conflicts] == [words]
    assert not plan.declared
    assert not plan.deletes


def test_a_strangers_vhost_or_user_is_not_ours() -> None:
    wanted = make(users={"ns.uc.api": User("ns.uc.api", mark(UID), "h")})
    found = Topology(vhost=Vhost("ns.uc", mark("uid-2"), ""), users={"ns.uc.api": User("ns.uc.api", frozenset(), "h")})
    assert not_ours(wanted, found, UID) == ["vhost ns.uc", "user ns.uc.api"]


def test_a_released_vhost_may_be_taken_over() -> None:
    found = Topology(vhost=Vhost("ns.uc", frozenset({"usecase-operator", "released"}), ""))
    assert not_ours(make(), found, UID) == []


def test_foreign_objects_are_reported_by_name() -> None:
    found = make(
        queues={"theirs": Queue("theirs", QUORUM)},
        exchanges={"theirs": Exchange("theirs", "topic")},
        bindings=frozenset({Binding("theirs", "theirs", "k")}),
        policies={"theirs": Policy("theirs", ".*", {})},
        permissions={"guest": Permission("guest", ".*", ".*", ".*")},
    )
    assert diff(make(), found, Inventory(), UID).foreign == (
        "queue theirs",
        "exchange theirs",
        "binding theirs -> theirs ('k')",
        "policy theirs",
        "permission of user guest",
    )
