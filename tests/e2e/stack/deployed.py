"""A deployed task-management stack: where it answers, its Secrets, its pods, its values, and a way past every service.

Made by `conftest` for the stack of `make up`, and by `e2e/test_stack.py` for one of its own. Knows no test.
"""

import base64
import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cluster import stack
from cluster.fixtures import Cluster
from cluster.polling import eventually

READY_SECONDS = 120
BACKEND_PORTS = {"rabbitmq": 5672, "postgres": 5432, "mongodb": 27017, "redis": 6379}


@dataclass(frozen=True)
class Stores:
    """Both databases, from the host."""

    dsn: str
    mongodb_url: str


@dataclass(frozen=True)
class Deployed:
    """One release of the stack. `values` is what it was installed with, `api` where the host reaches it."""

    cluster: Cluster
    api: str
    values: dict[str, Any]
    release: str = stack.RELEASE
    namespace: str = stack.NAMESPACE

    def kubectl(self, *arguments: str, input: str | None = None) -> str:
        return self.cluster.kubectl("--namespace", self.namespace, *arguments, input=input)

    def get(self, *arguments: str) -> Any:
        return self.cluster.get(*arguments, "--namespace", self.namespace)

    def upgrade(self, **changed: dict[str, Any]) -> None:
        """`helm upgrade --wait` with the values of the install and *changed* over them, two levels deep."""
        values = {**self.values}
        for name, own in changed.items():
            values[name] = {**values.get(name, {}), **own}
        flags = ("--namespace", self.namespace, "--wait", "--timeout", "5m")
        self.cluster.helm("upgrade", self.release, str(stack.CHART), *flags, "--set-json", json.dumps(values))

    def rollback(self) -> None:
        """`helm rollback --wait` to the revision before."""
        self.cluster.helm("rollback", self.release, "--namespace", self.namespace, "--wait", "--timeout", "5m")

    def tag(self, component: str) -> str:
        """Of the image its pods run."""
        (image,) = {pod["spec"]["containers"][0]["image"] for pod in self.pods(component)}
        return str(image).rpartition(":")[2]

    def secret(self, name: str) -> dict[str, str]:
        """The Secret `<release>-<name>`, decoded."""
        data = self.get("secret", f"{self.release}-{name}")["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def component(self, name: str) -> dict[str, Any]:
        """What the UseCase's status says of a component."""
        components = self.get("usecase", self.release)["status"]["components"]
        found: dict[str, Any] = next(each for each in components if each["name"] == name)
        return found

    def pods(self, component: str = "") -> list[dict[str, Any]]:
        """Pods of the release, or of one component, that are to run: not done, and not on their way out."""
        labels = f"app.kubernetes.io/instance={self.release}"
        if component:
            labels += f",app.kubernetes.io/component={component}"
        found = self.get("pods", "--selector", labels)["items"]
        return [each for each in found if "deletionTimestamp" not in each["metadata"] and not is_done(each)]

    def ready_pods(self, component: str) -> list[str]:
        """Names of a component's pods that are Ready."""
        return [each["metadata"]["name"] for each in self.pods(component) if is_ready(each)]

    def settled(self, seconds: float = READY_SECONDS) -> None:
        """Returns when the UseCase is Ready and each of its pods and backends is."""

        def whole() -> bool:
            conditions = {each["type"]: each for each in self.get("usecase", self.release)["status"]["conditions"]}
            assert conditions["Ready"]["status"] == "True", conditions["Ready"]["message"]
            unready = [each["metadata"]["name"] for each in self.pods() if not is_ready(each)]
            assert not unready, f"not ready: {unready}"
            return True

        eventually(whole, seconds, f"{self.release} to be Ready")

    def python(self, pod: str, script: str, *arguments: str) -> str:
        """What *script* prints in a pod that has Python."""
        return self.kubectl("exec", pod, "--", "python", "-c", script, *arguments)

    def forward(self, target: str, port: int) -> contextlib.AbstractContextManager[int]:
        """A loopback port that reaches `<kind>/<release>-<target>`; no NetworkPolicy stands in its way."""
        kind, _, name = target.partition("/")
        return self.cluster.port_forward(self.namespace, f"{kind}/{self.release}-{name}", port)

    @contextlib.contextmanager
    def stores(self) -> Iterator[Stores]:
        with contextlib.ExitStack() as forwards:
            urls = []
            for name in ("postgres", "mongodb"):
                port = forwards.enter_context(self.forward(f"pod/{name}-0", BACKEND_PORTS[name]))
                urls.append(moved(self.secret(name)["uri"], port))
            yield Stores(*urls)

    @contextlib.contextmanager
    def broker(self) -> Iterator[str]:
        """An AMQP URL of the use case's vhost for somebody who may do everything."""
        secret, vhost = self.secret("rabbitmq"), f"{self.namespace}.{self.release}"
        with self.forward("pod/rabbitmq-0", BACKEND_PORTS["rabbitmq"]) as port:
            yield f"amqp://{secret['username']}:{secret['password']}@127.0.0.1:{port}/{vhost}"


def is_ready(pod: dict[str, Any]) -> bool:
    conditions: Sequence[dict[str, str]] = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def is_done(pod: dict[str, Any]) -> bool:
    return pod["status"]["phase"] in ("Succeeded", "Failed")


def moved(url: str, port: int) -> str:
    """*url* at a port of this machine."""
    parts = urlsplit(url)
    login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    return parts._replace(netloc=f"{login}127.0.0.1:{port}").geturl()
