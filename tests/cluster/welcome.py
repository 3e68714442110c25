"""The end of `make up`: one walk through the API as a user takes it, and then what a person can do with all this.

Asks the deployed stack over the host's port, by HTTP alone; knows nothing of how it got there.
"""

import json
import os
import shutil
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from cluster.kind import Kind, Tools
from cluster.polling import eventually
from cluster.stack import NAMESPACE, OPERATOR, OPERATOR_NAMESPACE, RELEASE, SERVED

USER, PASSWORD = "demo", "demo-password"  # of a development cluster, printed for whoever sits before it
SETTLED_SECONDS = 30
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy knows this machine's localhost


def check(kind: Kind) -> None:
    """Log in, create a task, complete it, and see that the analytics worker has counted it."""
    with kind.progress.step("self-check: log in, create a task, complete it, see it counted", "5 s"):
        api = f"http://localhost:{kind.api_port()}"
        eventually(
            lambda: _ask(api, "GET", "/health")[0] == 200, timeout=SETTLED_SECONDS, what=f"{api}/health to answer"
        )
        token = _login(api)
        before = eventually(lambda: _analytics(api, token) or [], timeout=SETTLED_SECONDS, what="analytics")
        task = _expect(api, "POST", "/api/v1/tasks", 201, token, {"title": "Look around", "priority": "high"})
        path = f"/api/v1/tasks/{task['id']}"
        _expect(api, "PATCH", path, 200, token, {"status": "completed"})
        eventually(
            lambda: _analytics(api, token) != before,
            timeout=SETTLED_SECONDS,
            what="the completed task in the analytics",
        )


def say(kind: Kind) -> None:
    """Where everything is, and five things to try."""
    context = kind.settings.context
    kubectl = f"kubectl --context {context} --namespace {NAMESPACE}"
    api = f"http://localhost:{kind.api_port()}"
    found = path(kind.tools)
    first = f"\nFor this shell to find kubectl and helm as they are used here:\n  {found}\n" if found else ""
    demo = f"""\
demo bot      {kubectl} port-forward service/{RELEASE}-bot-api 8081
                then http://localhost:8081, a page that plays Telegram"""
    bot = "bot           in Telegram, where your BOT_TOKEN leads" if kind.settings.bot_token else demo
    kind.progress.say(
        f"""
The task-management stack runs: six components, deployed by the operator from one UseCase.
{first}
  API           {api}/docs
  demo login    user {USER}, password {PASSWORD}
  {bot}
  RabbitMQ      {kubectl} port-forward service/{RELEASE}-rabbitmq 15672

Five things to try:
  1. see it whole                 {kubectl} get usecase --output wide
  2. scale by hand, and it stays  {kubectl} scale deployment/{RELEASE}-analytics-worker --replicas=4
  3. delete a queue, it heals     {kubectl} exec {RELEASE}-rabbitmq-0 -- rabbitmqctl -p {NAMESPACE}.{RELEASE} \\
                                    delete_queue task_analytics && {kubectl} get events --watch
  4. break it, and read why       {kubectl} scale statefulset/{RELEASE}-postgres --replicas=0
                                    {kubectl} get usecase --output wide --watch   (and back: --replicas=1)
  5. walk the whole workflow      helm --kube-context {context} --namespace {NAMESPACE} test {RELEASE} --logs

The operator serves namespaces {" and ".join(SERVED)} only: tests run operators of their own.
One more, until the next `make up`:
  helm --kube-context {context} --namespace {OPERATOR_NAMESPACE} upgrade {OPERATOR} ./charts/{OPERATOR} \\
    --reset-then-reuse-values --set 'watchNamespaces={{{",".join(SERVED)},MINE}}'
"""
    )


def path(tools: Tools) -> str:
    """What a shell runs to find the kubectl and helm of this cluster; empty where it finds them already."""
    strangers = [each for each in (tools.kubectl, tools.helm) if shutil.which(each.name) != str(each)]
    folders = [str(each.parent) for each in strangers]
    return f'export PATH="{os.pathsep.join(folders)}:$PATH"' if folders else ""


def _login(api: str) -> str:
    """A new demo user, or the one that the last `make up` made."""
    user = {"username": USER, "email": f"{USER}@example.com", "password": PASSWORD}
    status, answer = _ask(api, "POST", "/api/v1/auth/register", body=user)
    if status == 409:
        form = urllib.parse.urlencode({"username": USER, "password": PASSWORD}).encode()
        status, answer = _ask(api, "POST", "/api/v1/auth/token", form=form)
    if status not in (200, 201):
        raise AssertionError(f"the demo user can't log in at {api}: {status} {answer}")
    return str(answer["access_token"])


def _analytics(api: str, token: str) -> Any:
    """What the list of tasks says beside the tasks; AssertionError while nobody answers for it."""
    status, answer = _ask(api, "GET", "/api/v1/tasks", token)
    if status != 200 or answer.get("analytics") is None:
        raise AssertionError(f"GET {api}/api/v1/tasks: {status}, no analytics")
    return answer["analytics"]


def _expect(api: str, method: str, path: str, wanted: int, token: str, body: Any) -> Any:
    status, answer = _ask(api, method, path, token, body)
    if status != wanted:
        raise AssertionError(f"{method} {api}{path}: {status} where {wanted} was expected: {answer}")
    return answer


def _ask(
    api: str, method: str, path: str, token: str = "", body: Any = None, form: bytes | None = None
) -> tuple[int, Any]:
    headers = {"Content-Type": "application/x-www-form-urlencoded" if form else "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = form or (None if body is None else json.dumps(body).encode())
    asked = urllib.request.Request(f"{api}{path}", method=method, data=data, headers=headers)
    try:
        with DIRECT.open(asked, timeout=20) as answer:
            return int(answer.status), json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")[:300]
    except OSError as error:
        return 0, str(error)
