"""Carries a plan out: one request for a vhost, one for everything declared, single requests for deletions only.

An import never reports that an object exists with other properties, so `plan.diff` has looked for conflicts
before. Order: declare first, then unbind, then queues (which may be kept), then the policies of those gone.
"""

import re
from collections.abc import Collection

from usecase_operator.broker.api import Api, segment
from usecase_operator.broker.definitions import definitions
from usecase_operator.broker.emptiness import Kept, Looks, kept_queues
from usecase_operator.model import MessagingDeletion
from usecase_operator.topology.objects import Binding, Topology, Vhost
from usecase_operator.topology.plan import Plan


async def declare(api: Api, vhost: str, plan: Plan) -> None:
    """Make what *plan* declares. Two requests at most."""
    if plan.vhost:
        await put_vhost(api, plan.vhost)
    declared = definitions(vhost, plan)
    if declared:
        await api.post("definitions", declared)


async def drop(api: Api, plan: Plan, found: Topology, policy: MessagingDeletion, looks: Looks) -> list[Kept]:
    """Delete what *plan* drops from the vhost of *found*, as *policy* allows. Returns the queues that stay."""
    vhost = found.vhost
    if vhost is None:
        return []
    path = segment(vhost.name)
    for name in plan.delete_permissions:
        await api.delete(f"permissions/{path}/{segment(name)}")
    await delete_users(api, plan.delete_users)
    retain = policy == "Retain"
    for binding in plan.delete_bindings:
        # What is retained keeps its bindings; between what is declared only what is declared holds.
        if not (retain and (binding.queue in plan.delete_queues or binding.exchange in plan.delete_exchanges)):
            await _unbind(api, path, binding)
    kept = await _kept(api, path, plan, policy, looks)
    names = {each.queue for each in kept}
    for queue in plan.delete_queues:
        if queue not in names:
            await api.delete(f"queues/{path}/{segment(queue)}")
    for exchange in () if retain else plan.delete_exchanges:
        await api.delete(f"exchanges/{path}/{segment(exchange)}")
    for policy_name in plan.delete_policies:
        if not any(re.search(found.policies[policy_name].pattern, queue) for queue in names):
            await api.delete(f"policies/{path}/{segment(policy_name)}")
    return kept


async def _kept(api: Api, path: str, plan: Plan, policy: MessagingDeletion, looks: Looks) -> list[Kept]:
    """Of the queues that *plan* drops those that stay by *policy*."""
    if policy == "Retain":
        return [Kept(name, "deletionPolicy.messaging is Retain") for name in plan.delete_queues]
    return await kept_queues(api, path, plan.delete_queues, looks) if policy == "DeleteIfEmpty" else []


async def put_vhost(api: Api, vhost: Vhost) -> None:
    """Create or change a vhost; what is left out of this body would become empty."""
    body = {
        "description": vhost.description,
        "tags": ",".join(sorted(vhost.tags)),
        "default_queue_type": vhost.default_queue_type,
    }
    await api.put(f"vhosts/{segment(vhost.name)}", body)


async def delete_users(api: Api, names: Collection[str]) -> None:
    """Their connections close with them."""
    if names:
        await api.post("users/bulk-delete", {"users": sorted(names)})


async def delete_vhost(api: Api, name: str) -> None:
    await api.delete(f"vhosts/{segment(name)}")


async def _unbind(api: Api, path: str, binding: Binding) -> None:
    """By the broker's own key of the binding, which is asked for."""
    pair = f"bindings/{path}/e/{segment(binding.exchange)}/q/{segment(binding.queue)}"
    for each in await api.get(pair):
        if each["routing_key"] == binding.routing_key and not each["arguments"]:
            # Encoded once more: the broker decodes the path, and then the key, which it gives out encoded.
            await api.delete(f"{pair}/{segment(each['properties_key'])}")
