"""What tests of the operator say to the cluster, in the words of its users."""

import json
from dataclasses import dataclass
from typing import Any

from cluster.fixtures import Cluster
from cluster.polling import eventually


@dataclass(frozen=True)
class World:
    """One namespace that the operator under test serves."""

    cluster: Cluster
    namespace: str

    @property
    def image(self) -> str:
        """The echo image as it is on the nodes."""
        return self.cluster.references["echo"]

    def kubectl(self, *arguments: str, input: str | None = None) -> str:
        return self.cluster.kubectl("--namespace", self.namespace, *arguments, input=input)

    def get(self, *arguments: str) -> Any:
        return json.loads(self.kubectl("get", *arguments, "--output", "json"))

    def exists(self, kind: str, name: str) -> bool:
        return bool(self.kubectl("get", kind, name, "--ignore-not-found", "--output", "name").strip())

    def apply(self, *manifests: dict[str, Any]) -> None:
        self.cluster.apply(*manifests, namespace=self.namespace)

    def usecase(self, name: str, *components: dict[str, Any], **spec: Any) -> None:
        """Apply a UseCase; a component that says nothing else is an API of the echo image, without pods' wait."""
        full = [{"kind": "API", "image": self.image, "http": {"port": 8080}, **each} for each in components]
        for each in full:
            if each["kind"] in ("Worker", "Bot"):
                del each["http"]
        self.apply(
            {
                "apiVersion": "usecase.dev/v1alpha1",
                "kind": "UseCase",
                "metadata": {"name": name, "namespace": self.namespace},
                "spec": {"components": full, **spec},
            }
        )

    def secret(self, name: str, **values: str) -> None:
        self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values})

    def condition(self, name: str, type_: str) -> dict[str, Any]:
        """The condition, {} while there is none or it speaks of an older generation."""
        found = self.get("usecase", name)
        for each in found["status"].get("conditions", ()):
            if each["type"] == type_ and each.get("observedGeneration") == found["metadata"]["generation"]:
                return dict(each)
        return {}

    def component(self, usecase: str, name: str) -> dict[str, Any]:
        found = self.get("usecase", usecase)["status"].get("components", ())
        return next((dict(each) for each in found if each["name"] == name), {})

    def wait_condition(self, name: str, type_: str, status: str, reason: str | None = None, timeout: float = 60) -> Any:
        def holds() -> bool:
            found = self.condition(name, type_)
            return found.get("status") == status and reason in (None, found.get("reason"))

        eventually(holds, timeout=timeout, what=f"{name}: {type_}={status} {reason or ''}")
        return self.condition(name, type_)

    def wait_ready(self, name: str, timeout: float = 90) -> None:
        self.wait_condition(name, "Ready", "True", timeout=timeout)

    def events(self, name: str) -> set[str]:
        """Reasons of the Kubernetes Events about the UseCase."""
        return {each["reason"] for each in self._events(name)}

    def notes(self, name: str, reason: str) -> list[str]:
        """What the Kubernetes Events about the UseCase say that have this reason."""
        return [each["note"] for each in self._events(name, reason)]

    def times_told(self, name: str, reason: str) -> int:
        """How often Kubernetes Events of this reason were posted about the UseCase, repetitions counted."""
        return sum((each.get("series") or {}).get("count", 1) for each in self._events(name, reason))

    def _events(self, name: str, reason: str | None = None) -> list[dict[str, Any]]:
        found = self.get("events.events.k8s.io")["items"]
        return [each for each in found if each["regarding"]["name"] == name and reason in (None, each["reason"])]

    def delete(self, name: str, timeout: str = "60s") -> None:
        self.kubectl("delete", "usecase", name, f"--timeout={timeout}")
