"""The rights that charts/usecase-operator gives: exactly those the integration tests run the operator with."""

import pytest

from integration.operator.rights import LEASES, RULES, SECRETS, USECASES
from unit.charts.rendered import OPERATOR, Manifest, Render, named


def comparable(rules: list[Manifest]) -> set[tuple[str, str, str]]:
    """One entry for each single right."""
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_cluster_role_is_what_the_operator_needs_and_no_more(operator: list[Manifest]) -> None:
    assert comparable(named(operator, "ClusterRole", "demo")["rules"]) == comparable(RULES)
    assert comparable(named(operator, "Role", "demo-lease")["rules"]) == comparable(LEASES)


def test_secrets_are_a_role_that_nobody_is_bound_to(operator: list[Manifest]) -> None:
    role = named(operator, "ClusterRole", "usecase-operator-secrets")
    assert comparable(role["rules"]) == comparable(SECRETS)
    bound = [m["roleRef"]["name"] for m in operator if m["kind"] in ("RoleBinding", "ClusterRoleBinding")]
    assert sorted(bound) == ["demo", "demo-lease"]


def test_nothing_is_granted_by_wildcard(operator: list[Manifest]) -> None:
    for role in (m for m in operator if m["kind"] in ("ClusterRole", "Role")):
        assert not [right for right in comparable(role["rules"]) if "*" in right], role["metadata"]["name"]


@pytest.mark.parametrize("namespaces", [["one"], ["one", "two"]])
def test_some_namespaces_need_nothing_of_the_clusters_scope(render: Render, namespaces: list[str]) -> None:
    manifests = render(OPERATOR, {"watchNamespaces": namespaces, "crds": {"install": False}})
    assert not [m for m in manifests if "namespace" not in m["metadata"]]
    roles = [m for m in manifests if m["kind"] == "Role" and m["metadata"]["name"] == "demo"]
    assert [role["metadata"]["namespace"] for role in roles] == namespaces
    assert all(comparable(role["rules"]) == comparable(RULES + SECRETS) for role in roles)
    bindings = [m for m in manifests if m["kind"] == "RoleBinding" and m["metadata"]["name"] == "demo"]
    assert [binding["metadata"]["namespace"] for binding in bindings] == namespaces
    assert {binding["subjects"][0]["namespace"] for binding in bindings} == {"apps"}


def test_who_serves_some_namespaces_may_let_go_of_use_cases_everywhere(render: Render) -> None:
    """A namespace that is deleted takes the operator's Role with it, before its last pod has ended."""
    manifests = render(OPERATOR, {"watchNamespaces": ["one"]})
    assert [m["metadata"]["name"] for m in manifests if m["kind"] == "ClusterRole"] == ["demo-usecases"]
    assert comparable(named(manifests, "ClusterRole", "demo-usecases")["rules"]) == comparable(USECASES)
    binding = named(manifests, "ClusterRoleBinding", "demo-usecases")
    assert binding["roleRef"]["name"] == "demo-usecases"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "demo", "namespace": "apps"}]


def test_people_get_rights_on_use_cases_by_their_roles_of_the_namespace(
    render: Render, operator: list[Manifest]
) -> None:
    for role, may_change in (("admin", True), ("edit", True), ("view", False)):
        found = named(operator, "ClusterRole", f"demo-{role}")
        assert found["metadata"]["labels"][f"rbac.authorization.k8s.io/aggregate-to-{role}"] == "true"
        rights = comparable(found["rules"])
        assert (("usecase.dev", "usecases", "create") in rights) == may_change
        assert ("usecase.dev", "usecases", "watch") in rights
        assert ("usecase.dev", "usecases/status", "patch") not in rights
    without = render(OPERATOR, {"rbac": {"aggregate": False}})
    assert "demo-view" not in {m["metadata"]["name"] for m in without}


def test_rights_can_be_left_to_somebody_else(render: Render) -> None:
    values = {"rbac": {"create": False}, "serviceAccount": {"create": False, "name": "given"}}
    manifests = render(OPERATOR, values)
    rights = {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount"}
    for each in (manifests, render(OPERATOR, {**values, "watchNamespaces": ["one"]})):
        assert {m["kind"] for m in each} & rights == set()
    pod = named(manifests, "Deployment", "demo")["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "given"
