"""How tests ask RabbitMQ's management API: over connections that the broker does not end under their hands."""

import httpx

# RabbitMQ closes a connection after 5 idle seconds (Cowboy's request_timeout), and httpx keeps one for just as long:
# a request after a fixture of 5 s met the closing and got no answer.
KEPT = httpx.Limits(keepalive_expiry=2)


def management_client(base_url: str, auth: tuple[str, str]) -> httpx.Client:
    """A client for `<management>/api…` with its account."""
    return httpx.Client(base_url=base_url, auth=auth, timeout=10, limits=KEPT)
