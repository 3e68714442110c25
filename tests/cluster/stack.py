"""What `make up` puts on the cluster, by the charts that users install: the operator, then the task-management stack.

Also the backends alone, for those who run services on their own machine. Run again, each upgrades in place.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cluster import images
from cluster.kind import Kind
from cluster.settings import API_NODE_PORT

RELEASE = "task-management"
NAMESPACE = "task-management"
CHART = images.ROOT / "charts" / "task-management"
BACKENDS = ("rabbitmq", "postgres", "redis", "mongodb")
COMPONENTS = {
    "postgresData": "postgres-data",
    "mongoData": "mongo-data",
    "api": "api",
    "bot": "bot",
    "reminderWorker": "reminder-worker",
    "analyticsWorker": "analytics-worker",
}

OPERATOR = "usecase-operator"
OPERATOR_NAMESPACE = "usecase-system"
OPERATOR_CHART = images.ROOT / "charts" / "usecase-operator"
# Not the whole cluster: the tests run operators of their own on it, in namespaces of their own.
SERVED = [NAMESPACE, "default"]
BOT_SECRET = "bot-token"  # as the chart's notes call it

Values = dict[str, Any]


def up(kind: Kind, references: Mapping[str, str]) -> None:
    """The operator and the stack, waited for until the UseCase is Ready."""
    with kind.progress.step("operator and its rights", "10 s"):
        for name in (OPERATOR_NAMESPACE, NAMESPACE):
            kind.kubectl("apply", "--server-side", "--filename", "-", stdin=json.dumps(_namespace(name)))
        values = {"image": image(references["operator"]), "watchNamespaces": SERVED}
        _install(kind, OPERATOR, OPERATOR_CHART, OPERATOR_NAMESPACE, values, "--take-ownership", "--force-conflicts")
        # The rest of it comes up while the stack does.
        kind.kubectl("wait", "crd/usecases.usecase.dev", "--for=condition=Established", "--timeout=60s")
    with kind.progress.step("task-management: backends and six components", "45 s"):
        if token := kind.settings.bot_token:
            # By standard input: everybody on this machine can read command lines, and the log keeps them.
            apply = ("--namespace", NAMESPACE, "apply", "--server-side", "--force-conflicts", "--filename", "-")
            kind.kubectl(*apply, stdin=json.dumps(_secret(BOT_SECRET, "bot-token", token)))
        values = stack_values(references, telegram=bool(token))
        # What somebody changed by kubectl meanwhile becomes as the chart has it.
        _install(kind, RELEASE, CHART, NAMESPACE, values, "--force-conflicts", "--wait", "--timeout", "5m")
        rollout = ["rollout", "status", f"deployment/{OPERATOR}", "--timeout=60s"]
        kind.kubectl("--namespace", OPERATOR_NAMESPACE, *rollout)


def down(kind: Kind) -> None:
    """Take both releases off. The definition of UseCases stays, and volumes with their Secrets, as the charts say."""
    with kind.progress.step("uninstall task-management and the operator", "30 s"):
        uninstall(kind)
        kind.helm("uninstall", OPERATOR, "--namespace", OPERATOR_NAMESPACE, "--ignore-not-found", "--wait")
        kind.kubectl("delete", "namespace", OPERATOR_NAMESPACE, "--ignore-not-found")
    kind.progress.say(
        "tasks and passwords are kept for the next `make up`; to remove them too:\n"
        f"  kubectl --context {kind.settings.context} delete namespace {NAMESPACE}"
    )


def install_backends(kind: Kind, references: Mapping[str, str]) -> None:
    """RabbitMQ, PostgreSQL, Redis and MongoDB, waited for until ready."""
    with kind.progress.step("backends on the cluster", "30 s"):
        values = {"useCase": {"enabled": False}, **backend_values(references)}
        _install(kind, RELEASE, CHART, NAMESPACE, values, "--create-namespace", "--wait", "--timeout", "5m")
    kind.progress.say(f"backends run: kubectl --context {kind.settings.context} --namespace {NAMESPACE} get pods")


def uninstall(kind: Kind) -> None:
    """Take the stack's release off; volumes stay until the namespace is deleted, as the chart says."""
    kind.helm("uninstall", RELEASE, "--namespace", NAMESPACE, "--ignore-not-found", "--wait", "--timeout", "6m")


def stack_values(references: Mapping[str, str], *, telegram: bool = False) -> Values:
    """The images of this machine, and the API at the node port that the host reaches.

    *telegram*: the bot talks to Telegram itself, with the token in Secret `BOT_SECRET`; the demo server stays away.
    """
    values: Values = {key: {"image": image(references[name])} for key, name in COMPONENTS.items()}
    values["api"]["expose"] = {"nodePort": API_NODE_PORT}
    if telegram:
        values["bot"]["existingSecret"] = BOT_SECRET
    values["operator"] = {"secretsBinding": False}  # an operator of named namespaces has that right
    values["hooks"] = {"image": image(references["api"])}  # stays when a user tries another image of the API
    values["demo"] = {"botApi": {"image": image(references["bot-api"])}}
    return {**values, **backend_values(references)}


def backend_values(references: Mapping[str, str]) -> Values:
    values: Values = {name: {"image": image(references[name])} for name in BACKENDS}
    if references["mongodb"].startswith(images.OURS):
        values["mongodb"]["auth"] = {"enabled": False}  # the stand-in knows no users
    return values


def image(reference: str) -> Values:
    """Values that point a chart at one image of this machine."""
    repository, _, tag = reference.rpartition(":")
    return {"repository": repository, "tag": tag}


def _install(kind: Kind, release: str, chart: Any, namespace: str, values: Values, *flags: str) -> None:
    # Helm refuses to go on after one of its runs was killed: that revision is forgotten, and what it did is done anew.
    half_done = f"owner=helm,name={release},status in (pending-install,pending-upgrade,pending-rollback)"
    kind.kubectl("--namespace", namespace, "delete", "secret", "--selector", half_done)
    kind.helm(
        "upgrade", "--install", release, str(chart), "--namespace", namespace, "--set-json", json.dumps(values), *flags
    )


def _secret(name: str, key: str, value: str) -> Values:
    data = {key: base64.b64encode(value.encode()).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}


def _namespace(name: str) -> Values:
    """Nothing in it may be more than the restricted Pod Security Standard allows."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
