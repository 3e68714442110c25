"""The development backends on the cluster, by the chart that users install."""

from collections.abc import Mapping

from cluster import images
from cluster.kind import Kind

RELEASE = "task-management"
NAMESPACE = "task-management"
CHART = images.ROOT / "charts" / "task-management"
BACKENDS = ("rabbitmq", "postgres", "redis", "mongodb")


def install(kind: Kind, references: Mapping[str, str]) -> None:
    """RabbitMQ, PostgreSQL, Redis and MongoDB, waited for until ready. Run again, it upgrades in place."""
    with kind.progress.step("backends on the cluster", "30 s"):
        kind.helm(
            "upgrade",
            "--install",
            RELEASE,
            str(CHART),
            "--namespace",
            NAMESPACE,
            "--create-namespace",
            "--set",
            "useCase.enabled=false",
            *image_values(references),
            "--wait",
            "--timeout",
            "5m",
        )
    kind.progress.say(f"backends run: kubectl --context {kind.settings.context} --namespace {NAMESPACE} get pods")


def image_values(references: Mapping[str, str]) -> list[str]:
    """`--set` arguments that point the chart at the images of this machine."""
    arguments = []
    for name in BACKENDS:
        repository, _, tag = references[name].rpartition(":")
        arguments += ["--set-string", f"{name}.image.repository={repository},{name}.image.tag={tag}"]
    if references["mongodb"].startswith(images.OURS):
        arguments += ["--set", "mongodb.auth.enabled=false"]  # the stand-in knows no users
    return arguments


def uninstall(kind: Kind) -> None:
    """Take the release off; volumes stay until the namespace is deleted, as the chart says."""
    kind.helm("uninstall", RELEASE, "--namespace", NAMESPACE, "--ignore-not-found", "--wait")
