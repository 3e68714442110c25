"""Bad input is refused with the variable's name, what it was, and an example of what it may be."""

from pathlib import Path

import pytest

from cluster import settings
from cluster.errors import ClusterError


def test_nothing_set_asks_for_the_shared_cluster() -> None:
    asked = settings.read({"HOME": "/home/anna"})
    assert (asked.cluster, asked.context, asked.workers, asked.api_port) == ("usecase", "kind-usecase", 2, 8080)
    assert asked.cache == Path("/home/anna/.cache/usecase")


def test_a_second_cluster_takes_any_free_port_so_that_both_can_run() -> None:
    assert settings.read({"HOME": "/h", "CLUSTER": "usecase-try"}).api_port is None
    assert settings.read({"HOME": "/h", "CLUSTER": "usecase-try", "API_PORT": "9000"}).api_port == 9000


def test_the_cache_follows_the_xdg_variable() -> None:
    assert settings.read({"HOME": "/h", "XDG_CACHE_HOME": "/big"}).cache == Path("/big/usecase")


def test_a_version_may_lack_its_v() -> None:
    assert settings.read({"HOME": "/h", "KUBERNETES_VERSION": "1.36.4"}).kubernetes_version == "v1.36.4"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("WORKERS", "-1", id="negative workers"),
        pytest.param("WORKERS", "6", id="more workers than two cores bear"),
        pytest.param("WORKERS", "two", id="workers in words"),
        pytest.param("API_PORT", "0", id="port 0"),
        pytest.param("API_PORT", "70000", id="port out of range"),
        pytest.param("KUBERNETES_VERSION", "latest", id="version in words"),
        pytest.param("KUBERNETES_VERSION", "v1.37", id="version without its patch release"),
        pytest.param("CLUSTER", "Use Case", id="cluster name that kind refuses"),
    ],
)
def test_bad_input_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(ClusterError) as refused:
        settings.read({"HOME": "/h", variable: value})
    message = str(refused.value)
    assert message.startswith(f"{variable}={value}: ")
    assert "\n" not in message
    assert "as in " in message or "use at most" in message


def test_a_bots_token_is_taken_by_its_form_and_shown_nowhere() -> None:
    asked = settings.read({"HOME": "/h", "BOT_TOKEN": "123456789:AAE-secret_part"})
    assert asked.bot_token == "123456789:AAE-secret_part"
    assert "secret_part" not in repr(asked)
    assert settings.read({"HOME": "/h", "BOT_TOKEN": ""}).bot_token is None
    with pytest.raises(ClusterError, match=r"^BOT_TOKEN: is no Telegram bot token") as refused:
        settings.read({"HOME": "/h", "BOT_TOKEN": "mistaken-for-a-token"})
    assert "mistaken" not in str(refused.value)
