"""Before `helm uninstall`: fails while UseCases exist, since nobody would serve them any more."""

import os
import sys

from api_server import request

API = "/apis/usecase.dev/v1alpha1"


def main():
    namespaces = os.environ["WATCH_NAMESPACES"].split(",") if os.environ["WATCH_NAMESPACES"] else [None]
    found = []
    for namespace in namespaces:
        scope = f"/namespaces/{namespace}" if namespace else ""
        listed = request(f"{API}{scope}/usecases") or {"items": []}
        found += [f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in listed["items"]]
    if not found:
        print("no UseCase is served by this operator; it may go")
        return 0
    print(
        f"{len(found)} UseCases are served by this operator: {', '.join(sorted(found)[:10])}.\n"
        "Delete them first (kubectl delete usecase NAME --namespace NAMESPACE, or helm uninstall their release).\n"
        "To uninstall in spite of them: helm uninstall --no-hooks. Their pods then go on as they are.\n"
        f"To keep the operator, since Helm now takes the release for half gone: {os.environ['BACK']}"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
