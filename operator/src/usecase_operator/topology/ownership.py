"""Whose is it? The mark that the operator leaves on a vhost and on users, and the names it gives.

The broker has no owner references: the UID of the UseCase stands among the tags of its vhost and users. A
vhost that was given up with messages in it is tagged `released`: the next UseCase of that name may take it.
"""

from collections.abc import Iterable

MARK = "usecase-operator"
RELEASED = "released"
POLICY_PREFIX = "usecase."


def mark(uid: str) -> frozenset[str]:
    """The tags that say: made by the operator, for the UseCase with this UID."""
    return frozenset({MARK, f"uid.{uid}"})


def is_ours(tags: Iterable[str], uid: str) -> bool:
    return f"uid.{uid}" in tags


def is_released(tags: Iterable[str]) -> bool:
    found = set(tags)
    return MARK in found and RELEASED in found


def vhost_name(namespace: str, usecase: str) -> str:
    return f"{namespace}.{usecase}"


def user_name(namespace: str, usecase: str, component: str) -> str:
    return f"{namespace}.{usecase}.{component}"


def scaler_name(namespace: str, usecase: str) -> str:
    """The user that KEDA reads queue lengths with."""
    return f"{namespace}.{usecase}.scaler"
