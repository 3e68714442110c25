"""The internal credential in front of a data service."""

import pytest
from pydantic import SecretStr

from unit.services.runtime.asgi import answering, calling
from usecase_http.credential import bearer_required


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [
        pytest.param("/tasks", "Bearer right", 200, id="right"),
        pytest.param("/tasks", "Bearer wrong", 401, id="wrong"),
        pytest.param("/tasks", "bearer right", 401, id="other scheme word"),
        pytest.param("/tasks", "Basic right", 401, id="other scheme"),
        pytest.param("/tasks", "right", 401, id="no scheme"),
        pytest.param("/tasks", "", 401, id="empty"),
        pytest.param("/health", "", 200, id="health is open"),
        pytest.param("/health/", "", 401, id="nearly health is not"),
        pytest.param("/nowhere", "", 401, id="what does not exist is not told apart"),
    ],
)
async def test_only_the_right_token_passes(path: str, authorization: str, status: int) -> None:
    async with calling(bearer_required(answering(200), SecretStr("right"))) as client:
        answer = await client.get(path, headers={"authorization": authorization})
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_without_a_token_everything_is_open() -> None:
    async with calling(bearer_required(answering(200), None)) as client:
        assert (await client.get("/tasks")).status_code == 200
