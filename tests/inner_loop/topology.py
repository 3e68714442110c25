"""Example → the broker's definitions, by the operator's own topology: one vhost, one user, no owner."""

import base64
import json
import urllib.request
from dataclasses import replace
from typing import Any

from usecase_operator.broker.definitions import definitions
from usecase_operator.model import UseCase
from usecase_operator.topology.desired import component_users, desired
from usecase_operator.topology.objects import Topology
from usecase_operator.topology.plan import Inventory, diff

ACCOUNT = "guest"
VHOST = "/"


def document(usecase: UseCase) -> dict[str, list[dict[str, Any]]]:
    """Exchanges, queues with their retry and dead-letter parts, bindings and policies. Everybody is `guest` here, so
    users and permissions are left out.
    """
    hashes = dict.fromkeys([*component_users(usecase).values()], "")
    wanted = desired(usecase, hashes, ACCOUNT)
    nobody = replace(wanted, vhost=None, users={}, permissions={})
    plan = diff(nobody, Topology(), Inventory(), usecase.metadata.uid)
    return definitions(VHOST, plan)


def declare(management: str, usecase: UseCase) -> None:
    """Import the definitions into a broker. Again, it changes nothing."""
    login = base64.b64encode(f"{ACCOUNT}:{ACCOUNT}".encode()).decode()
    request = urllib.request.Request(
        f"{management}/api/definitions",
        data=json.dumps(document(usecase)).encode(),
        headers={"Authorization": f"Basic {login}", "Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=30):
        pass
