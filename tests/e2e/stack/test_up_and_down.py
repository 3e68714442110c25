"""`make down` takes off all that `make up` put on the cluster but what users stored; `make up` brings it back, and what
it prints then is true: read and typed here as a person would.
"""

import re
import subprocess

import httpx
import pytest

from cluster import bringup, stack
from cluster.fixtures import Cluster
from cluster.polling import eventually
from e2e.stack.deployed import Deployed
from integration.services.stack.callers import PATIENCE_SECONDS, register

HEALED_SECONDS = 30
LEFT = "usecases,deployments,statefulsets,jobs,services,pods,configmaps,networkpolicies"
OVER_NAMESPACES = "clusterroles,clusterrolebindings"
BORN_WITH_IT = {"configmap/kube-root-ca.crt"}
"""What a namespace has from Kubernetes."""


@pytest.mark.timeout(900)
async def test_what_make_down_takes_off_make_up_brings_back_with_its_data(
    cluster: Cluster, deployed: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    async with httpx.AsyncClient(base_url=deployed.api, timeout=PATIENCE_SECONDS, trust_env=False) as api:
        caller = await register(api)
        task = (await caller.create(title="Still here tomorrow")).json()["id"]

        bringup.stack_down()
        assert left(cluster) == set()
        assert volumes(deployed) == {f"data-{deployed.release}-{name}-0" for name in stack.BACKENDS}
        with pytest.raises(httpx.TransportError):
            await api.get("/health", headers={"connection": "close"})

        capsys.readouterr()
        bringup.stack_up()
        said = capsys.readouterr().out
        found = await api.get(f"/api/v1/tasks/{task}", headers={"authorization": f"Bearer {caller.token}"})
        assert found.json()["title"] == "Still here tomorrow"
    await leads_somewhere(said)
    try_all(deployed, said)


def left(cluster: Cluster) -> set[str]:
    """What is still there of both releases, as `kind/name`."""
    names = ("--output", "name", "--ignore-not-found")
    of_stack = cluster.kubectl("--namespace", stack.NAMESPACE, "get", LEFT, *names).split()
    operators = f"app.kubernetes.io/instance={stack.OPERATOR}"
    over = cluster.kubectl("get", OVER_NAMESPACES, "--selector", operators, *names).split()
    home = cluster.kubectl("get", "namespace", stack.OPERATOR_NAMESPACE, *names).split()
    return {*of_stack, *over, *home} - BORN_WITH_IT


def volumes(deployed: Deployed) -> set[str]:
    return {each["metadata"]["name"] for each in deployed.get("persistentvolumeclaims")["items"]}


async def leads_somewhere(said: str) -> None:
    """The address is one of pages, and the login one of the API."""
    url, user, password = one(r"API +(\S+)/docs", said), one(r"user (\w+),", said), one(r"password (\S+)", said)
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False) as api:
        assert "swagger" in (await api.get("/docs")).text
        login = await api.post("/api/v1/auth/token", data={"username": user, "password": password})
        assert login.status_code == 200, login.text


def try_all(deployed: Deployed, said: str) -> None:
    """Each of the five things can be typed. What would stop the stack is asked of the API server only."""
    look, scale, delete, stop, walk = commands(said)
    path = "".join(re.findall(r"^ *(export PATH=.*)$", said, re.MULTILINE))

    def typed(command: str) -> str:
        script = f"{path}\n{command}"
        return subprocess.run(["bash", "-ec", script], capture_output=True, text=True, check=True).stdout

    assert "6/6" in typed(look)
    assert "scaled" in typed(f"{scale} --dry-run=server")
    assert "scaled" in typed(f"{stop} --dry-run=server")
    typed(delete)
    eventually(lambda: "task_analytics" in queues(deployed), HEALED_SECONDS, "the deleted queue to be there again")
    assert "the analytics worker has counted it" in typed(walk)


def commands(said: str) -> list[str]:
    """The first command of each numbered line, which may go on behind a backslash."""
    numbered = re.split(r"^  \d\. ", said.partition("Five things to try:")[2], flags=re.MULTILINE)[1:]
    return [one(r"((?:kubectl|helm) (?:\\\n|[^\n&])*)", each) for each in numbered]


def queues(deployed: Deployed) -> list[str]:
    ask = ("rabbitmqctl", "--quiet", "--vhost", f"{deployed.namespace}.{deployed.release}", "list_queues", "name")
    return deployed.kubectl("exec", f"{deployed.release}-rabbitmq-0", "--", *ask).split()


def one(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, f"no {pattern} in\n{text}"
    return found[1]
