"""What the environment asks of the cluster, checked before anything is touched. Read by `__main__` only."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cluster.errors import ClusterError

KUBERNETES_VERSION = "v1.37.2"
DEFAULT_CLUSTER = "usecase"
DEFAULT_API_PORT = 8080
API_NODE_PORT = 30080
MAX_WORKERS = 5
FIXED = ("WORKERS", "API_PORT", "KUBERNETES_VERSION", "NODE_IMAGE")  # when a cluster is made


@dataclass(frozen=True)
class Settings:
    """One cluster as it was asked for. `api_port` is None where any free port will do, `bot_token` where the stack's
    bot is to talk to the demo server.
    """

    cluster: str
    workers: int
    api_port: int | None
    kubernetes_version: str
    node_image: str | None
    cache: Path
    asked: frozenset[str] = frozenset()  # those of FIXED that were set; the others are as they are by default
    bot_token: str | None = field(default=None, repr=False)

    @property
    def context(self) -> str:
        """The kubeconfig context, as kind names it."""
        return f"kind-{self.cluster}"


def read(env: Mapping[str, str] = os.environ) -> Settings:
    """Settings from *env*; ClusterError names the variable, what it was, and what it may be."""
    cluster = env.get("CLUSTER") or DEFAULT_CLUSTER
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,38}[a-z0-9])?", cluster):
        raise ClusterError(f"CLUSTER={cluster}: use at most 40 of a-z, 0-9, '.' and '-', as in CLUSTER=usecase")
    return Settings(
        cluster=cluster,
        workers=_number(env, "WORKERS", 2, 0, MAX_WORKERS),
        api_port=_api_port(env, cluster),
        kubernetes_version=_version(env),
        node_image=env.get("NODE_IMAGE") or None,
        cache=Path(env.get("XDG_CACHE_HOME") or Path(env.get("HOME", "~")).expanduser() / ".cache") / "usecase",
        asked=frozenset(name for name in FIXED if env.get(name)),
        bot_token=_bot_token(env),
    )


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    raw = env.get(name) or str(default)
    if not raw.isdecimal() or not low <= int(raw) <= high:
        raise ClusterError(f"{name}={raw}: must be a whole number from {low} to {high}, as in {name}={default}")
    return int(raw)


def _api_port(env: Mapping[str, str], cluster: str) -> int | None:
    """Only the cluster everybody shares has a fixed port by default: a second one must not fight it."""
    if not env.get("API_PORT") and cluster != DEFAULT_CLUSTER:
        return None
    return _number(env, "API_PORT", DEFAULT_API_PORT, 1, 65535)


def _bot_token(env: Mapping[str, str]) -> str | None:
    """Refused by its form only, and never shown: whether Telegram knows it, the bot says."""
    raw = env.get("BOT_TOKEN") or None
    if raw and not re.fullmatch(r"\d+:\S+", raw):
        raise ClusterError("BOT_TOKEN: is no Telegram bot token, as in BOT_TOKEN=123456789:AA…; @BotFather gives one")
    return raw


def _version(env: Mapping[str, str]) -> str:
    raw = env.get("KUBERNETES_VERSION") or KUBERNETES_VERSION
    version = raw if raw.startswith("v") else f"v{raw}"
    if not re.fullmatch(r"v1\.\d{1,3}\.\d{1,3}", version):
        raise ClusterError(
            f"KUBERNETES_VERSION={raw}: must be a full release, as in KUBERNETES_VERSION={KUBERNETES_VERSION}"
        )
    return version
