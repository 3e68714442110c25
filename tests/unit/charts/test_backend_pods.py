"""The pods of the backends: what they may do, where they write, how they are probed."""

import json
import shutil
from pathlib import Path

import pytest

from unit.charts.rendered import BACKENDS, CHART, Manifest, Render, containers, decoded, env, one, pod


@pytest.mark.parametrize("backend", BACKENDS)
def test_pods_keep_to_the_restricted_pod_security_standard(default: list[Manifest], backend: str) -> None:
    template = pod(default, backend)
    security = template["spec"]["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert template["spec"]["automountServiceAccountToken"] is False
    for container in containers(template):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert set(container["resources"]) == {"requests", "limits"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_everything_a_server_writes_goes_to_its_volume_or_is_meant_to_vanish(
    default: list[Manifest], backend: str
) -> None:
    statefulset = one(default, "StatefulSet", backend)["spec"]
    claims = {claim["metadata"]["name"] for claim in statefulset["volumeClaimTemplates"]}
    volumes = {volume["name"]: volume for volume in statefulset["template"]["spec"]["volumes"]}
    assert claims == {"data"}
    for container in containers(statefulset["template"]):
        mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
        assert "data" in mounts
        for name, mount in mounts.items():
            assert name in claims or "emptyDir" in volumes[name] or mount.get("readOnly") is True


@pytest.mark.parametrize("backend", BACKENDS)
def test_volumes_outlive_the_release(default: list[Manifest], backend: str) -> None:
    policy = one(default, "StatefulSet", backend)["spec"]["persistentVolumeClaimRetentionPolicy"]
    assert policy == {"whenDeleted": "Retain", "whenScaled": "Retain"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_probes_ask_ports_and_programs_that_the_container_has(default: list[Manifest], backend: str) -> None:
    server = pod(default, backend)["spec"]["containers"][0]
    names = {port["name"] for port in server["ports"]}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = server[probe]
        target = asked.get("tcpSocket") or asked.get("httpGet")
        if target:
            assert target["port"] in names
        else:
            assert asked["exec"]["command"][0] in ("pg_isready", "redis-cli")
    assert "exec" not in server["livenessProbe"], "a slow exec must not restart a server that works"


def test_rabbitmq_keeps_its_name_and_knows_its_memory(default: list[Manifest]) -> None:
    values = env(pod(default, "rabbitmq")["spec"]["containers"][0])
    assert values["RABBITMQ_NODENAME"] == "rabbit@localhost"
    assert values["MEMORY_LIMIT"] == {"resourceFieldRef": {"resource": "limits.memory"}}
    assert "$(MEMORY_LIMIT)" in values["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"]


def test_no_password_stands_in_a_manifest_of_a_pod(default: list[Manifest]) -> None:
    secrets = [m for m in default if m["kind"] == "Secret"]
    passwords = {value for s in secrets for key, value in decoded(s).items() if key.lower().endswith("password")}
    rest = json.dumps([m for m in default if m["kind"] != "Secret"])
    assert len(passwords) == 5  # one each, and MongoDB's administrator
    assert not [password for password in passwords if password in rest]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_changed_configuration_restarts_its_own_pod_only(
    render: Render, default: list[Manifest], tmp_path: Path, backend: str
) -> None:
    changed = tmp_path / "chart"
    shutil.copytree(CHART, changed)
    with next((changed / "files" / backend).iterdir()).open("a") as file:
        file.write("\n# changed\n")
    after = render(changed)
    assert [b for b in BACKENDS if pod(after, b) != pod(default, b)] == [backend]
