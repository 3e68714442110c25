"""The enforcer of one node, the process of its DaemonSet: see what there is, load the rules that follow from it.

It only looks and loads; `rules` decides. Neither a stop nor a silent API server takes rules away."""

import http.client
import logging
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from cluster.netpol import pods, watch
from cluster.netpol.rules import Policy, ruleset, transaction

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
READY = Path("/run/netpol-ready")  # the readiness probe looks for it
PODS, NAMESPACES, POLICIES = "/api/v1/pods", "/api/v1/namespaces", "/apis/networking.k8s.io/v1/networkpolicies"
KINDS: dict[str, Callable[[Any], Any]] = {
    PODS: pods.parse,
    NAMESPACES: lambda item: (item["metadata"]["name"], item["metadata"].get("labels") or {}),
    POLICIES: lambda item: Policy(item["metadata"]["namespace"], item["metadata"]["name"], item["spec"]),
}
SETTLE_SECONDS = 0.03  # changes come in bursts: one transaction serves them all
LOOK_SECONDS = 0.05  # how soon a starting pod's address is found, which no event announces in time


def connect() -> tuple[http.client.HTTPConnection, dict[str, str]]:
    """A connection to the API server, with the service account's token, which rotates."""
    context = ssl.create_default_context(cafile=ACCOUNT / "ca.crt")
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
    connection = http.client.HTTPSConnection(host, port, context=context, timeout=35)  # longer than a watch
    return connection, {"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}"}


def load(rules: str) -> None:
    """One atomic transaction: a packet meets the rules before or the rules after, never none."""
    turn = int(
        time.monotonic() / SETTLE_SECONDS
    )  # grows from load to load, and over restarts, as the node's clock does
    text = transaction(rules, turn)
    subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True, capture_output=True, timeout=30)


def run(node: str, cni_results: Path) -> None:
    """For ever. *cni_results*: where libcni keeps the results of this node's sandboxes."""
    changed, seen = threading.Event(), dict[str, watch.View]()

    def publish(path: str, view: watch.View) -> None:
        seen[path] = view
        changed.set()

    for path, keep in KINDS.items():
        threading.Thread(target=watch.follow, args=(path, keep, partial(publish, path), connect), daemon=True).start()
    loaded, found, waiting, spent = "", dict[str, str](), False, 0.0
    while True:
        news = changed.wait(LOOK_SECONDS if waiting else None)
        time.sleep(max(SETTLE_SECONDS, spent) if news else 0)  # however fast things change: half a core at most
        changed.clear()
        before, found, started = found, pods.addresses(cni_results), time.monotonic()
        if len(seen) < len(KINDS) or not (news or found != before):
            continue
        current = [pod if pod.ip else pod._replace(ip=found.get(pod.uid, "")) for pod in list(seen[PODS].values())]
        waiting = any(pod.node == node and not pod.ip for pod in current)
        text = ruleset(current, dict(list(seen[NAMESPACES].values())), list(seen[POLICIES].values()), node)
        if text != loaded:
            load(text)
            READY.touch()
            loaded = text
            logging.info("rules loaded, of %d policies for %d pods", len(seen[POLICIES]), len(current))
        spent = time.monotonic() - started


def _give_up(failure: threading.ExceptHookArgs) -> None:
    """An agent that no longer sees one of the kinds must not go on as if it did."""
    logging.critical("a watch failed", exc_info=failure.exc_value)
    os._exit(1)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.excepthook = _give_up
    READY.unlink(missing_ok=True)  # of the container before this one
    try:
        run(os.environ["NODE_NAME"], Path(os.environ["CNI_RESULTS"]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"nft refused the rules, the last ones stay: {error.stderr}")


if __name__ == "__main__":
    main()
