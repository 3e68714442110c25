"""Only what the UseCase declares works: seen from the running components themselves, and from pods of nobody's."""

import json

import aio_pika
import pytest
from aiormq.exceptions import AMQPError

from cluster.fixtures import Cluster
from cluster.polling import eventually
from e2e.stack.deployed import BACKEND_PORTS, Deployed, moved
from e2e.stack.reach import CONNECT, SCRAPE, Targets, names, namespace_of_that_name, stranger
from usecase_contracts.topology import TASK_EVENTS

REACHES = {
    "api": {"postgres-data", "mongo-data", "redis"},
    "bot": {"api", "rabbitmq", "bot-api"},
    "reminder-worker": {"postgres-data", "rabbitmq"},
    "analytics-worker": {"mongo-data", "rabbitmq"},
    "postgres-data": {"postgres", "rabbitmq"},
    "mongo-data": {"mongodb"},
}
SPEAKS_AMQP = ("postgres-data", "bot", "reminder-worker", "analytics-worker")
SETTLE_SECONDS = 30
"""A policy takes a moment to reach every node, and a busy machine may take longer than a connection is tried for."""

pytestmark = pytest.mark.timeout(600)


def targets(deployed: Deployed) -> Targets:
    """Every port that anything of the stack listens on, by the name it is called; metrics by the pod's address."""
    ports = {**BACKEND_PORTS, "postgres-data": 8001, "mongo-data": 8002, "api": 8000, "bot-api": 8081}
    found: Targets = [
        (name, f"{deployed.release}-{name}.{deployed.namespace}.svc", port) for name, port in ports.items()
    ]
    found.append(("management", f"{deployed.release}-rabbitmq.{deployed.namespace}.svc", 15672))
    return found + [(f"metrics of {name}", address, 9090) for name, address in addresses(deployed).items()]


def addresses(deployed: Deployed) -> dict[str, str]:
    """Component → the address of one of its pods."""
    return {name: deployed.pods(name)[0]["status"]["podIP"] for name in REACHES}


@pytest.mark.parametrize("component", REACHES)
def test_a_component_reaches_what_it_declares_and_nothing_else(deployed: Deployed, component: str) -> None:
    pod, wanted = deployed.ready_pods(component)[0], json.dumps(others(deployed, component))

    def as_declared() -> bool:
        reached = names(deployed.python(pod, CONNECT, wanted))
        assert reached == REACHES[component], f"{component} reaches {sorted(reached)}"
        return True

    eventually(as_declared, SETTLE_SECONDS, f"{component} to reach what it declares")


def others(deployed: Deployed, component: str) -> Targets:
    """All but the component's own ports: its Service may lead a pod back to itself, where no policy stands."""
    return [each for each in targets(deployed) if each[0] not in (component, f"metrics of {component}")]


def test_a_pod_that_nobody_declared_reaches_the_exposed_port_alone(
    cluster: Cluster, deployed: Deployed, namespace: str, probe_image: str
) -> None:
    wanted = json.dumps(targets(deployed))
    for place in (deployed.namespace, namespace):
        with stranger(cluster, place, probe_image) as pod:
            command = ("--namespace", place, "exec", pod, "--", "python", "-c", CONNECT, wanted)

            def as_exposed(place: str = place, command: tuple[str, ...] = command) -> bool:
                reached = names(cluster.kubectl(*command))
                assert reached == {"api"}, f"from namespace {place}: {sorted(reached)}"
                return True

            eventually(as_exposed, SETTLE_SECONDS, "a stranger to reach the api alone")


def test_metrics_are_read_from_the_namespace_that_scrapes_and_from_no_other(
    cluster: Cluster, deployed: Deployed, namespace: str, probe_image: str
) -> None:
    wanted = json.dumps(list(addresses(deployed).items()))
    scrapes = deployed.get("usecase", deployed.release)["spec"]["isolation"]["scrapeFrom"]["namespace"]
    with namespace_of_that_name(cluster, scrapes), stranger(cluster, scrapes, probe_image) as pod:

        def all_are_read() -> bool:
            said = cluster.kubectl("--namespace", scrapes, "exec", pod, "--", "python", "-c", SCRAPE, wanted)
            assert names(said) == set(REACHES)
            return True

        eventually(all_are_read, SETTLE_SECONDS, "the namespace's label to reach every node")
    with stranger(cluster, namespace, probe_image) as pod:
        said = cluster.kubectl("--namespace", namespace, "exec", pod, "--", "python", "-c", SCRAPE, wanted)
        assert names(said) == set()


@pytest.mark.parametrize("component", SPEAKS_AMQP)
async def test_credentials_of_a_component_open_its_own_vhost_alone(deployed: Deployed, component: str) -> None:
    own, other = f"{deployed.namespace}.{deployed.release}", "somebody-elses"
    rabbitmqctl = ("exec", f"{deployed.release}-rabbitmq-0", "--", "rabbitmqctl")
    deployed.kubectl(*rabbitmqctl, "add_vhost", other)
    try:
        with deployed.forward("pod/rabbitmq-0", BACKEND_PORTS["rabbitmq"]) as port:
            url = moved(deployed.secret(f"{component}-amqp")["uri"], port)
            assert await opens(url, own)
            for vhost in ("%2F", other):
                with pytest.raises((AMQPError, ConnectionError), match=r"OpenOk.*Connection\.Close"):
                    await opens(url, vhost)
    finally:
        deployed.kubectl(*rabbitmqctl, "delete_vhost", other)


async def test_credentials_of_a_consumer_publish_nothing(deployed: Deployed) -> None:
    with deployed.forward("pod/rabbitmq-0", BACKEND_PORTS["rabbitmq"]) as port:
        async with await aio_pika.connect(moved(deployed.secret("analytics-worker-amqp")["uri"], port)) as connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange(TASK_EVENTS, ensure=False)
            with pytest.raises(AMQPError, match="ACCESS_REFUSED"):
                await exchange.publish(aio_pika.Message(b"{}"), "task.created")


async def opens(url: str, vhost: str) -> bool:
    """Whether the broker lets these credentials into *vhost*; the client raises where it was shown out instead."""
    connection = await aio_pika.connect(f"{url.rpartition('/')[0]}/{vhost}", timeout=10)
    await connection.close()
    return True
