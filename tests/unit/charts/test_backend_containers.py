"""A backend in a container of the integration tests is the backend of the chart: same program, settings and ports."""

import pytest

from cluster.backends import CONFIGURATION, RECIPES
from unit.charts.rendered import BACKENDS, CHART, PORTS, Manifest, containers, env, pod

# Only a pod has a memory limit, and only mongodb's pod a login: its environment holds nothing but accounts.
OF_A_POD = {"MEMORY_LIMIT", "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"}


def test_both_have_the_same_backends_and_configuration() -> None:
    assert set(RECIPES) == set(BACKENDS)
    assert CONFIGURATION == CHART / "files"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_container_listens_where_the_pod_does(backend: str) -> None:
    assert list(RECIPES[backend].ports) == PORTS[backend]


@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != "mongodb"])
def test_a_container_has_the_settings_of_the_pod(default: list[Manifest], backend: str) -> None:
    for container in containers(pod(default, backend)):
        fixed = {name: value for name, value in env(container).items() if isinstance(value, str)}
        assert {k: v for k, v in fixed.items() if k not in OF_A_POD}.items() <= RECIPES[backend].environment.items()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_container_runs_the_program_of_the_pod(default: list[Manifest], backend: str) -> None:
    recipe = RECIPES[backend]
    in_container = " ".join([recipe.entrypoint or "", *recipe.command])
    for container in containers(pod(default, backend)):
        words = [*container.get("command", []), *container.get("args", [])]
        in_pod = " ".join(word for word in words if "$(" not in word)
        assert in_pod in in_container


def test_the_databases_are_the_same(default: list[Manifest]) -> None:
    database = env(containers(pod(default, "postgres"))[0])["POSTGRES_DB"]
    assert RECIPES["postgres"].uri.endswith(f"/{database}")
    assert RECIPES["mongodb"].uri.endswith("/task_analytics_db")
