"""Passwords live in the Secrets that we made; one that we can't have made is replaced."""

from dataclasses import replace

import pytest

from usecase_operator.broker.connection import Connection
from usecase_operator.cluster.children import Child
from usecase_operator.credentials import credentials, kept, stored
from usecase_operator.topology.passwords import new_password
from usecases import component, make_usecase

CONNECTION = Connection("http://broker:15672", "broker", 5672, "admin", "secret")
OURS = new_password()


@pytest.mark.parametrize(
    ("stored", "stays"),
    [
        pytest.param(f"amqp://user:{OURS}@elsewhere/v", True, id="ours-at-another-address"),
        pytest.param("amqp://user:guest@broker/v", False, id="another's"),
        pytest.param(f"amqp://user:{OURS}%40@broker/v", False, id="escaped"),
        pytest.param("amqp://x", False, id="none"),
        pytest.param("amqp://[", False, id="no-uri"),
    ],
)
def test_a_password_that_we_did_not_make_is_replaced(stored: str, stays: bool) -> None:
    usecase = make_usecase(component("worker", "Worker"))
    children = {("Secret", f"{usecase.name}-worker-amqp"): Child("u", "prod", 1, "", b"", stored)}
    uri = credentials(usecase, CONNECTION, children).uris["worker"]
    assert (f":{OURS}@broker:5672/" in uri) is stays
    assert "guest" not in uri


def test_keda_keeps_its_password_and_learns_a_new_authority() -> None:
    scaling = {"mode": "Queue", "max": 3, "queue": {"name": "jobs", "messagesPerReplica": 5}}
    usecase = make_usecase(component("worker", "Worker", scaling=scaling))
    children = {("Secret", f"{usecase.name}-keda"): Child("u", "prod", 1, "", b"", f"http://u:{OURS}@gone:15672/v")}
    made = credentials(usecase, replace(CONNECTION, management="https://broker:15671", ca="PEM"), children)

    assert made.scaler is not None
    assert f":{OURS}@broker:15671/" in made.scaler.host
    assert made.scaler.ca == "PEM"
    # Not told to the broker before it stands in the Secret; and what stands there is never written from half of it.
    assert stored(made, usecase, children).scaler is None
    assert kept(usecase, children).scaler is None
    there = {key: replace(child, said=made.scaler.host) for key, child in children.items()}
    assert stored(made, usecase, there).scaler == made.scaler
