"""Where the stack under test is: the processes of this run, or one that runs elsewhere and is named by variables.

The seed's tests ask for these addresses, so that they also prove a deployed stack. All of the variables, or none.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from integration.services.stack.stack import Stack

VARIABLES = {
    "api": "STACK_API_URL",
    "postgres_data": "STACK_POSTGRES_DATA_URL",
    "mongo_data": "STACK_MONGO_DATA_URL",
    "rabbitmq": "STACK_RABBITMQ_URL",
    "internal_token": "STACK_INTERNAL_TOKEN",
}


@dataclass(frozen=True)
class Addresses:
    """Base URLs of the HTTP services, an AMQP URL that may declare a queue of its own, the services' credential."""

    api: str
    postgres_data: str
    mongo_data: str
    rabbitmq: str
    internal_token: str


def addresses(start: Callable[[], Stack], env: Mapping[str, str] = os.environ) -> Addresses:
    """What the variables name; without them, of the stack that *start* gives. ValueError names what is missing."""
    found = {field: env[variable] for field, variable in VARIABLES.items() if env.get(variable)}
    if missing := [variable for field, variable in VARIABLES.items() if field not in found]:
        if found:
            raise ValueError(f"a deployed stack is named by all of its variables; not set: {', '.join(missing)}")
        stack = start()
        return Addresses(
            stack.urls["api"], stack.urls["postgres-data"], stack.urls["mongo-data"],
            stack.rabbitmq_url, stack.internal_token,
        )  # fmt: skip
    return Addresses(**found)
