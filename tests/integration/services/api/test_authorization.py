"""Nobody reaches a task of somebody else: every route with an id, as the api's own document lists them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from integration.services.api.running import SECRET_KEY, Api, User
from unit.services.api.forged import BAD_TOKENS
from usecase_api.app import build
from usecase_api.tokens import ALGORITHM, AUDIENCE, ISSUER

DOCUMENT = build(None).openapi()


def routes_with_an_id() -> Iterator[Any]:
    """Method and path of each operation whose path names something."""
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            if "{" in path:
                yield pytest.param(method.upper(), path, operation, id=f"{method} {path}")


ROUTES = list(routes_with_an_id())


def call(user: User, method: str, path: str, operation: dict[str, Any], task_id: int) -> int:
    """Call the operation with all that it needs; the status of the answer."""
    parameters = {each["name"] for each in operation["parameters"] if each["in"] == "query" and each["required"]}
    assert parameters <= {"remind_at"}, "a new parameter: say here what to send"
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    answer = user.http.request(
        method,
        path.replace("{task_id}", str(task_id)),
        params=dict.fromkeys(parameters, later),
        json={"title": "stolen"} if "requestBody" in operation else None,
    )
    return answer.status_code


def test_the_document_has_such_routes() -> None:
    assert len(ROUTES) >= 5


@pytest.mark.parametrize("cached", [False, True], ids=["unread", "read before by its owner"])
@pytest.mark.parametrize(("method", "path", "operation"), ROUTES)
def test_a_task_of_somebody_else_is_not_there(
    api: Api, method: str, path: str, operation: dict[str, Any], cached: bool
) -> None:
    owner, other = api.user(), api.user()
    task_id = owner.task(title="mine")
    if cached:
        assert owner.http.get(f"/api/v1/tasks/{task_id}").status_code == 200

    assert call(other, method, path, operation, task_id) in (403, 404)

    kept = api.postgres_data.http.get(f"/tasks/{task_id}").json()
    assert (kept["title"], kept["version"]) == ("mine", 1)
    assert api.postgres_data.http.get(f"/tasks/{task_id}/reminders").json()["data"] == []
    assert call(owner, method, path, operation, task_id) in (200, 204), "with the same request, its owner may"


def test_lists_and_counts_show_nothing_of_somebody_else(api: Api) -> None:
    owner, other = api.user(), api.user()
    owner.task()
    assert owner.http.get("/api/v1/tasks/stats").json()["total_tasks"] == 1
    assert other.http.get("/api/v1/tasks").json()["tasks"] == []
    assert other.http.get("/api/v1/tasks", params={"user_id": 1}).json()["tasks"] == []
    assert other.http.get("/api/v1/tasks/stats").json()["total_tasks"] == 0


@pytest.mark.parametrize("token", BAD_TOKENS)
def test_a_forged_or_stale_token_is_401(api: Api, token: str) -> None:
    # No client sends a header that ends in a blank.
    authorization = f"Bearer {token}".strip().encode("latin-1", "replace")
    answer = api.http.get("/api/v1/tasks", headers={b"authorization": authorization})
    assert answer.status_code == 401


def test_the_token_of_a_user_who_is_gone_creates_nothing(api: Api) -> None:
    now = int(datetime.now(UTC).timestamp())
    claims = {"sub": "999999999", "iat": now, "exp": now + 60, "iss": ISSUER, "aud": AUDIENCE}
    headers = {"authorization": f"Bearer {jwt.encode(claims, SECRET_KEY, ALGORITHM)}"}
    assert api.http.post("/api/v1/tasks", json={"title": "t"}, headers=headers).status_code == 401
    assert api.http.post("/api/v1/auth/telegram/link_code", headers=headers).status_code == 401


def test_a_token_of_one_replica_is_good_at_the_other(api: Api) -> None:
    user, other = api.user(), api.start()
    task_id = user.task()
    answer = other.http.get(f"/api/v1/tasks/{task_id}", headers=dict(user.http.headers))
    assert answer.status_code == 200
