"""Every pod template of both charts keeps to the restricted Pod Security Standard, and says what it takes."""

from pathlib import Path

import pytest

from unit.charts.rendered import CHART, OPERATOR, Manifest, Render, containers, templates


@pytest.fixture(params=["stack", "operator"])
def pods(request: pytest.FixtureRequest) -> dict[str, Manifest]:
    found = templates(request.getfixturevalue(request.param))
    assert len(found) > 2
    return found


def test_pods_are_restricted(pods: dict[str, Manifest]) -> None:
    for name, template in pods.items():
        security = template["spec"]["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert template["spec"]["enableServiceLinks"] is False, name
        for container in containers(template):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert set(container["resources"]) == {"requests", "limits"}, name


@pytest.mark.parametrize("chart", [CHART, OPERATOR], ids=lambda chart: chart.name)
def test_users_are_left_to_a_cluster_that_hands_them_out(render: Render, chart: Path) -> None:
    def fixed(pods: dict[str, Manifest]) -> list[str]:
        numbers = {"runAsUser", "runAsGroup", "fsGroup"}
        return [name for name, template in pods.items() if numbers & set(template["spec"]["securityContext"])]

    pods = templates(render(chart))
    assert fixed(pods) == list(pods)
    assert fixed(templates(render(chart, {"fixedUsers": False}))) == []


def test_a_token_is_only_where_the_api_server_is_asked(stack: list[Manifest]) -> None:
    with_token = {
        name for name, template in templates(stack).items()
        if template["spec"].get("automountServiceAccountToken") is not False
    }  # fmt: skip
    assert with_token == {"Job/demo-uninstall"}
