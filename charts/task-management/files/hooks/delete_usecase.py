"""Before `helm uninstall`: deletes the UseCase while its broker still runs, and waits until it is gone.

Helm itself would take RabbitMQ away at the same time, and what the use case has in it could not be cleaned up.
"""

import os
import sys
import time

from api_server import request

POLL_SECONDS = 1
NO_FINALIZERS = '{"metadata": {"finalizers": []}}'


def main():
    namespace, name, seconds = os.environ["NAMESPACE"], os.environ["NAME"], int(os.environ["TIMEOUT_SECONDS"])
    path = f"/apis/usecase.dev/v1alpha1/namespaces/{namespace}/usecases/{name}"
    if request(path) is None or request(path, "DELETE") is None:
        print(f"there is no UseCase {name}")
        return 0
    deadline = time.monotonic() + seconds
    while (found := request(path)) is not None:
        if time.monotonic() > deadline:
            conditions = found.get("status", {}).get("conditions", [])
            said = [each["message"] for each in conditions if each["type"] == "Ready"]
            why = said[0] if said else "the operator said nothing"
            free = f"kubectl --namespace {namespace} patch usecase {name} --type=merge --patch '{NO_FINALIZERS}'"
            print(f"UseCase {name} is not gone after {seconds} s: {why}.")
            print(f"Does the operator run? To go on without it: helm uninstall --no-hooks, then\n{free}")
            print(f"To keep the release, which Helm now takes for half gone: {os.environ['BACK']}")
            return 1
        time.sleep(POLL_SECONDS)
    print(f"UseCase {name} is gone, with what it had in the broker")
    return 0


if __name__ == "__main__":
    sys.exit(main())
