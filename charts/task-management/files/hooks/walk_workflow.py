"""`helm test`: what a user does, through the API alone.

Register, create a task, be reminded of it, complete it, see it counted: each worker has done its part then.
"""

import datetime
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

API = os.environ["API_URL"]
TRIES = int(os.environ.get("TRIES", "60"))


def call(method, path, body=None, token=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(f"{API}{path}", method=method, data=data, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()[:500]


def expect(status, method, path, **given):
    found, body = call(method, path, **given)
    if found != status:
        sys.exit(f"{method} {path}: {found} where {status} was expected: {body}")
    print(f"{method} {path}: {found}", flush=True)
    return body


def eventually(seen, what):
    for _ in range(TRIES):
        if seen():
            print(what, flush=True)
            return
        time.sleep(1)
    sys.exit(f"not seen within {TRIES} s: {what}")


def main():
    name = f"helm-test-{uuid.uuid4().hex[:12]}"
    user = {"username": name, "email": f"{name}@example.com", "password": uuid.uuid4().hex}
    token = expect(201, "POST", "/api/v1/auth/register", body=user)["access_token"]
    task = expect(201, "POST", "/api/v1/tasks", body={"title": "walk the workflow", "priority": "high"}, token=token)
    path = f"/api/v1/tasks/{task['id']}"
    eventually(lambda: call("GET", path, token=token)[1].get("status") == "active", "the task is active")
    # Asked for the same time again, the API sets nothing new and says what became of the reminder.
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
    reminders = f"{path}/reminders?{urllib.parse.urlencode({'remind_at': soon.isoformat()})}"
    expect(200, "POST", reminders, token=token)

    def sent():
        status, answer = call("POST", reminders, token=token)
        return status == 200 and answer["reminder"]["state"] == "sent"

    eventually(sent, "the reminder worker has sent the reminder")
    expect(200, "PATCH", path, body={"status": "completed"}, token=token)

    def counted():
        status, page = call("GET", "/api/v1/tasks", token=token)
        analytics = page.get("analytics") if status == 200 else None
        return bool(analytics) and (analytics["created"], analytics["completed"]) == (1, 1)

    eventually(counted, "the analytics worker has counted it")
    stats = expect(200, "GET", "/api/v1/tasks/stats", token=token)
    if (stats["total_tasks"], stats["completed_tasks"]) != (1, 1):
        sys.exit(f"one task was created and completed, and the statistics say: {stats}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
