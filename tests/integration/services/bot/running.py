"""The bot as a process, pointed at a fake Bot API server, a vhost and an api."""

from collections.abc import Iterator
from contextlib import contextmanager

from integration.services.api.running import BOT_CREDENTIAL
from integration.services.bot.fake_telegram import TOKEN, FakeTelegram
from integration.services.broker import Vhost
from integration.services.process import Process, service

MODULE = "usecase_bot"
NOWHERE = "http://127.0.0.1:9"
"""An api that nobody answers at."""


def variables(telegram: FakeTelegram, vhost: Vhost, api: str = NOWHERE, **changed: str) -> dict[str, str]:
    return {
        "BOT_TOKEN": TOKEN,
        "BOT_CREDENTIAL": BOT_CREDENTIAL,
        "BOT_API_SERVER": telegram.url,
        "API_SERVICE_URL": api,
        "RABBITMQ_URL": vhost.url,
        **changed,
    }


@contextmanager
def bot(
    telegram: FakeTelegram, vhost: Vhost, api: str = NOWHERE, *, wait: bool = True, **changed: str
) -> Iterator[Process]:
    """A running bot; ready, unless told not to wait."""
    with service(MODULE, variables(telegram, vhost, api, **changed), wait=wait) as process:
        yield process


def metric(process: Process, name: str, **labels: str) -> float:
    """The value of one series; 0 where there is none yet."""
    named = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    series = f"{name}{{{named}}} " if labels else f"{name} "
    lines = process.ops.get("/metrics").text.splitlines()
    return next((float(line.removeprefix(series)) for line in lines if line.startswith(series)), 0.0)
