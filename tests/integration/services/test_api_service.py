"""What a user of the api does, from registration to deletion, against real services and backends (contract, B)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from cluster.polling import eventually
from integration.services.api import fixtures
from integration.services.api.running import BOT, PASSWORD, Api
from usecase_contracts.topology import TASK_ANALYTICS_QUEUE

SOON = timedelta(hours=2)
api = fixtures.api


def log_in(api: Api, name: str, password: str = PASSWORD) -> httpx.Response:
    return api.http.post("/api/v1/auth/token", data={"username": name, "password": password})


def bearer(session: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {session['access_token']}"}


class TestTheSeedsSteps:
    """The requests of the seed's integration test, as written there (contract 10.1)."""

    def test_a_user_registers_creates_and_completes_a_task(self, api: Api) -> None:
        name = f"testuser{uuid4().hex[:6]}"
        registered = api.http.post(
            "/api/v1/auth/register",
            json={"username": name, "email": f"{name}@example.com", "password": "testpass123"},
        )
        assert registered.status_code == 201
        headers = {"Authorization": f"Bearer {registered.json()['access_token']}"}

        # A moment without zone, as `datetime.utcnow().isoformat()` writes it.
        due = (datetime.now(UTC) + SOON).replace(tzinfo=None)
        created = api.http.post(
            "/api/v1/tasks",
            json={
                "title": "Integration Test Task",
                "description": "d",
                "priority": "high",
                "due_date": due.isoformat(),
            },
            headers=headers,
        )
        assert created.status_code == 201
        task_id = created.json()["id"]

        stored = api.postgres_data.http.get(f"/tasks/{task_id}").json()
        assert stored["title"] == "Integration Test Task"
        assert datetime.fromisoformat(stored["due_date"]) == due.replace(tzinfo=UTC)

        messages = eventually(lambda: api.vhost.messages(TASK_ANALYTICS_QUEUE), 10, "the message")
        assert any('"task_created"' in message["payload"] for message in messages)

        updated = api.http.patch(f"/api/v1/tasks/{task_id}", json={"status": "completed"}, headers=headers)
        assert updated.status_code == 200
        assert updated.json()["completed_at"] is not None


class TestRegistering:
    @pytest.mark.parametrize("taken", ["username", "email"])
    def test_what_somebody_has_is_409(self, api: Api, taken: str) -> None:
        name, other = (f"u-{uuid4().hex[:8]}" for _ in range(2))
        first = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        second = {"username": other, "email": f"{other}@example.com", "password": PASSWORD} | {
            taken: first[taken].upper()
        }
        assert api.http.post("/api/v1/auth/register", json=first).status_code == 201
        refused = api.http.post("/api/v1/auth/register", json=second)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (409, taken)

    @pytest.mark.parametrize(
        "changed",
        [
            {"username": "ab"},
            {"username": "a b c"},
            {"username": "x" * 51},
            {"username": "../users/1"},
            {"username": 5},
            {"email": "nobody"},
            {"email": None},
            {"password": "short"},
            {"password": "x" * 129},
            {"password": 12345678},
            {"is_admin": True},
        ],
    )
    def test_what_makes_no_sense_is_422_and_not_repeated(self, api: Api, changed: dict[str, object]) -> None:
        body = {"username": "somebody-new", "email": "new@example.com", "password": "a-secret-word"}
        answer = api.http.post("/api/v1/auth/register", json=body | changed)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert "a-secret-word" not in answer.text

    def test_the_password_is_kept_as_a_hash(self, api: Api) -> None:
        kept = api.postgres_data.http.get(f"/users/by_username/{api.user().name}/credentials").json()
        assert kept["hashed_password"].startswith("$argon2id$")


class TestSessions:
    def test_a_registered_user_comes_back(self, api: Api) -> None:
        user = api.user()
        answer = log_in(api, user.name)
        session = answer.json()
        assert (answer.status_code, session["token_type"], session["expires_in"]) == (200, "bearer", 1800)
        assert answer.headers["cache-control"] == "no-store"
        assert api.http.get("/api/v1/tasks", headers=bearer(session)).status_code == 200
        assert log_in(api, user.name.upper()).status_code == 200

    def test_nobody_learns_whether_a_name_exists(self, api: Api) -> None:
        wrong = log_in(api, api.user().name, "wrong-password")
        nobody = log_in(api, f"nobody-{uuid4().hex[:8]}", "wrong-password")
        no_name = log_in(api, "../../etc/passwd", "wrong-password")
        answers = [(each.status_code, each.json()["type"], each.json()["detail"]) for each in (wrong, nobody, no_name)]
        assert answers == [answers[0]] * 3
        assert answers[0][0] == 401

    def test_a_form_without_password_is_422(self, api: Api) -> None:
        assert api.http.post("/api/v1/auth/token", data={"username": "x"}).status_code == 422
        assert api.http.post("/api/v1/auth/token", json={"username": "x", "password": "y"}).status_code == 422

    def test_a_refresh_token_is_good_for_one_refresh(self, api: Api) -> None:
        first = api.user().session
        second = refresh(api, first["refresh_token"])
        assert second.status_code == 200
        assert api.http.get("/api/v1/tasks", headers=bearer(second.json())).status_code == 200
        third = refresh(api, second.json()["refresh_token"])
        assert third.status_code == 200
        assert len({first["refresh_token"], second.json()["refresh_token"], third.json()["refresh_token"]}) == 3

    def test_a_stolen_refresh_token_ends_its_family(self, api: Api) -> None:
        user = api.user()
        second = refresh(api, user.session["refresh_token"]).json()
        assert refresh(api, user.session["refresh_token"]).status_code == 401
        ended = refresh(api, second["refresh_token"])
        assert (ended.status_code, ended.json()["type"]) == (401, "urn:usecase:refresh-token-invalid")
        assert log_in(api, user.name).status_code == 200

    @pytest.mark.parametrize("token", ["never issued", "x", "' or 1=1"])
    def test_an_unknown_refresh_token_is_401(self, api: Api, token: str) -> None:
        assert refresh(api, token).status_code == 401

    def test_an_access_token_refreshes_nothing(self, api: Api) -> None:
        assert refresh(api, api.user().session["access_token"]).status_code in (401, 422)


def refresh(api: Api, token: str) -> httpx.Response:
    return api.http.post("/api/v1/auth/refresh", json={"refresh_token": token})


class TestTelegram:
    def test_a_code_links_a_chat_once(self, api: Api) -> None:
        user, chat = api.user(), uuid4().int % 10**9
        task_id = user.task(title="mine")
        offered = user.http.post("/api/v1/auth/telegram/link_code")
        assert offered.status_code == 201
        left = datetime.fromisoformat(offered.json()["expires_at"]) - datetime.now(UTC)
        assert timedelta(minutes=9) < left <= timedelta(minutes=10)
        shown = {"code": offered.json()["code"].lower(), "telegram_id": chat}

        linked = api.http.post("/api/v1/auth/telegram/links", json=shown, headers=BOT)
        assert (linked.status_code, linked.json()["username"]) == (200, user.name)
        assert api.http.get(f"/api/v1/tasks/{task_id}", headers=bearer(linked.json())).status_code == 200
        again = api.http.post("/api/v1/auth/telegram/links", json=shown, headers=BOT)
        assert (again.status_code, again.json()["type"]) == (404, "urn:usecase:code-not-found")

        renewed = api.http.post("/api/v1/auth/telegram", json={"telegram_id": chat}, headers=BOT)
        assert set(renewed.json()) == {"access_token", "token_type", "expires_in", "username"}
        assert api.http.get(f"/api/v1/tasks/{task_id}", headers=bearer(renewed.json())).status_code == 200

    def test_a_new_code_ends_the_old_one(self, api: Api) -> None:
        user = api.user()
        old, new = (user.http.post("/api/v1/auth/telegram/link_code").json()["code"] for _ in range(2))
        shown = {"telegram_id": uuid4().int % 10**9}
        assert api.http.post("/api/v1/auth/telegram/links", json={"code": old, **shown}, headers=BOT).status_code == 404
        assert api.http.post("/api/v1/auth/telegram/links", json={"code": new, **shown}, headers=BOT).status_code == 200

    def test_a_chat_that_nobody_linked_speaks_for_nobody(self, api: Api) -> None:
        answer = api.http.post("/api/v1/auth/telegram", json={"telegram_id": 1}, headers=BOT)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:usecase:not-linked")

    @pytest.mark.parametrize("body", [{}, {"telegram_id": "1"}, {"telegram_id": 0}, {"telegram_id": 2**53}])
    def test_an_id_that_is_none_is_422(self, api: Api, body: dict[str, object]) -> None:
        assert api.http.post("/api/v1/auth/telegram", json=body, headers=BOT).status_code == 422


class TestTasks:
    def test_a_task_is_answered_whole(self, api: Api) -> None:
        task = api.user().http.post("/api/v1/tasks", json={"title": "t"}).json()
        fields = ("title", "description", "priority", "status", "due_date", "completed_at")
        assert [task[field] for field in fields] == ["t", None, "medium", "active", None, None]
        assert {"id", "user_id", "transaction_id", "version", "created_at", "updated_at"} < set(task)

    @pytest.mark.parametrize("method", ["PATCH", "PUT"])
    def test_a_change_changes_what_was_sent(self, api: Api, method: str) -> None:
        user = api.user()
        task_id = user.task(title="t", description="d", due_date="2999-01-01T10:00:00+02:00")
        path = f"/api/v1/tasks/{task_id}"
        changed = user.http.request(method, path, json={"description": None, "status": "in_progress"})
        assert changed.status_code == 200
        assert user.http.get(path).json() == changed.json()
        assert changed.json()["title"] == "t"
        assert (changed.json()["description"], changed.json()["status"]) == (None, "in_progress")
        assert datetime.fromisoformat(changed.json()["due_date"]) == datetime(2999, 1, 1, 8, tzinfo=UTC)

    def test_completing_stamps_and_reopening_clears(self, api: Api) -> None:
        user = api.user()
        path = f"/api/v1/tasks/{user.task()}"
        assert user.http.patch(path, json={"status": "completed"}).json()["completed_at"] is not None
        assert user.http.patch(path, json={"status": "todo"}).json()["completed_at"] is None

    def test_a_task_that_became_overdue_can_still_be_sent_back_whole(self, api: Api) -> None:
        user = api.user()
        path = f"/api/v1/tasks/{user.task()}"
        overdue = {"title": "t", "due_date": "2020-01-01T00:00:00Z", "status": "completed"}
        assert user.http.put(path, json=overdue).status_code == 200

    def test_a_deleted_task_is_gone(self, api: Api) -> None:
        user = api.user()
        path = f"/api/v1/tasks/{user.task()}"
        assert user.http.get(path).status_code == 200
        deleted = user.http.delete(path)
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert [user.http.request(method, path).status_code for method in ("GET", "DELETE")] == [404, 404]

    def test_the_list_has_both_shapes_filters_and_pages(self, api: Api) -> None:
        user = api.user()
        ids = [user.task(title=f"t{number}", priority=["low", "urgent"][number % 2]) for number in range(5)]
        user.http.patch(f"/api/v1/tasks/{ids[0]}", json={"status": "completed"})

        everything = user.http.get("/api/v1/tasks").json()
        assert set(everything) == {
            "tasks", "analytics", "note", "pagination", "total", "page", "per_page", "has_next"
        }  # fmt: skip
        assert [task["id"] for task in everything["tasks"]] == ids[::-1]
        assert (everything["analytics"]["created"], everything["note"]) == (0, None)

        page = user.http.get("/api/v1/tasks", params={"page": 2, "per_page": 2}).json()
        assert [task["id"] for task in page["tasks"]] == [ids[2], ids[1]]
        assert page["pagination"] == {"page": 2, "per_page": 2, "total": 5, "has_next": True}
        assert (page["total"], page["has_next"]) == (5, True)

        def listed(**query: str) -> list[int]:
            return [task["id"] for task in user.http.get("/api/v1/tasks", params=query).json()["tasks"]]

        assert listed(priority="urgent") == [ids[3], ids[1]]
        assert listed(status="completed") == [ids[0]]
        assert listed(status="todo", priority="low") == [ids[4], ids[2]]

    def test_a_page_has_an_upper_limit(self, api: Api) -> None:
        assert api.user().http.get("/api/v1/tasks", params={"per_page": 1000}).json()["per_page"] == 50

    @pytest.mark.parametrize(
        "query", [{"page": 0}, {"page": "x"}, {"per_page": 0}, {"status": "failed"}, {"priority": "1"}]
    )
    def test_a_filter_nobody_knows_is_422(self, api: Api, query: dict[str, Any]) -> None:
        assert api.user().http.get("/api/v1/tasks", params=query).status_code == 422

    def test_stats_follow_every_change_at_once(self, api: Api) -> None:
        user = api.user()

        def counts() -> tuple[int, ...]:
            stats = user.http.get("/api/v1/tasks/stats").json()
            return tuple(stats[key] for key in ("total_tasks", "completed_tasks", "pending_tasks"))

        assert counts() == (0, 0, 0)
        task_id = user.task()
        assert counts() == (1, 0, 1)
        user.http.patch(f"/api/v1/tasks/{task_id}", json={"status": "completed"})
        assert counts() == (1, 1, 0)
        user.http.delete(f"/api/v1/tasks/{task_id}")
        assert counts() == (0, 0, 0)

    def test_a_reminder_is_set_once(self, api: Api) -> None:
        user = api.user()
        task_id = user.task(title="Call Ann")
        moment = (datetime.now(UTC) + SOON).replace(microsecond=0)
        for _ in range(2):
            answer = user.http.post(f"/api/v1/tasks/{task_id}/reminders", params={"remind_at": moment.isoformat()})
            assert answer.status_code == 200
            assert "message" in answer.json()
        (kept,) = api.postgres_data.http.get(f"/tasks/{task_id}/reminders").json()["data"]
        assert (datetime.fromisoformat(kept["reminder_time"]), kept["message"]) == (moment, "Reminder: Call Ann")

    @pytest.mark.parametrize("remind_at", [None, "", "soon", "1764000000", "2020-01-01T00:00:00Z"])
    def test_a_reminder_needs_a_moment_to_come(self, api: Api, remind_at: str | None) -> None:
        user = api.user()
        query = {"remind_at": remind_at} if remind_at is not None else {}
        assert user.http.post(f"/api/v1/tasks/{user.task()}/reminders", params=query).status_code == 422


BAD_BODIES = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"{", id="half an object"),
    pytest.param(b"[]", id="a list"),
    pytest.param(b'{"title": 5}', id="a number as title"),
    pytest.param(b'{"title": "t", "due_date": "tomorrow"}', id="a date in words"),
    pytest.param(b'{"title": "t", "due_date": "2020-01-01T00:00:00"}', id="due in the past"),
    pytest.param(b'{"title": "t", "due_date": "2020-01-01T00:00:00+05:00"}', id="due in the past, zoned"),
    pytest.param(b'{"title": "t", "nobody": 1}', id="a field nobody knows"),
    pytest.param(b'{"title": "\xff"}', id="not UTF-8"),
    pytest.param(b'{"title": "\\ud800"}', id="half a character"),
    pytest.param(b'{"title": "a\\u0000b"}', id="a NUL"),
]


class TestBadInput:
    @pytest.mark.parametrize("body", BAD_BODIES)
    def test_a_body_that_is_no_task_is_422(self, api: Api, body: bytes) -> None:
        answer = api.user().http.post("/api/v1/tasks", content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert answer.json()["request_id"] == answer.headers["x-request-id"]

    def test_an_oversized_body_is_413(self, api: Api) -> None:
        user = api.user()
        assert user.http.post("/api/v1/tasks", json={"title": "t", "description": "d" * 70_000}).status_code == 413

    def test_a_body_of_unknown_length_is_411(self, api: Api) -> None:
        assert api.user().http.post("/api/v1/tasks", content=iter([b'{"title"', b': "t"}'])).status_code == 411

    @pytest.mark.parametrize("task_id", ["0", "-1", "x", "1.5", str(2**53), "9" * 30, "1%2F2"])
    def test_an_id_that_is_none_is_refused(self, api: Api, task_id: str) -> None:
        assert api.user().http.get(f"/api/v1/tasks/{task_id}").status_code in (404, 422)

    def test_a_method_nobody_knows_is_405(self, api: Api) -> None:
        user = api.user()
        assert user.http.delete("/api/v1/tasks").status_code == 405
        assert user.http.post("/api/v1/tasks/1").status_code == 405


def test_a_request_id_goes_with_the_task_to_its_message(api: Api) -> None:
    user, request = api.user(), f"r-{uuid4().hex}"
    answer = user.http.post("/api/v1/tasks", json={"title": "t"}, headers={"x-request-id": request})
    assert answer.headers["x-request-id"] == request
    eventually(
        lambda: (
            request
            in [m["properties"]["headers"].get("x-request-id") for m in api.vhost.messages(TASK_ANALYTICS_QUEUE)]
        ),
        10,
        "the message with its request id",
    )
