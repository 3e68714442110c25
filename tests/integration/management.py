"""How tests ask RabbitMQ's management API: over connections that the broker does not end under their hands."""

import httpx

from cluster.backends import RABBITMQ_ACCOUNT, Running

# RabbitMQ closes a connection after 5 idle seconds (Cowboy's request_timeout), and httpx keeps one for just as long:
# a request after a fixture of 5 s met the closing and got no answer.
KEPT = httpx.Limits(keepalive_expiry=2)


def management_client(rabbitmq: Running) -> httpx.Client:
    """A client for what is below `/api`, as the broker's administrator."""
    account = (RABBITMQ_ACCOUNT, RABBITMQ_ACCOUNT)
    return httpx.Client(base_url=f"{rabbitmq.management}/api", auth=account, timeout=10, limits=KEPT)
