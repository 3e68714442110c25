"""`helm test`: the definition is served, a process holds the Lease, watches and numbers are there."""

import json
import os
import sys
import urllib.request

from api_server import request


def main():
    if request("/apis/usecase.dev/v1alpha1") is None:
        sys.exit("the cluster knows no UseCase: install the chart with crds.install=true")
    namespace, lease = os.environ["POD_NAMESPACE"], os.environ["LEASE_NAME"]
    held = request(f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{lease}")
    if not held or not held["spec"].get("holderIdentity"):
        sys.exit(f"nobody holds the Lease {lease}: kubectl --namespace {namespace} logs deployment/{lease}")
    with urllib.request.urlopen(f"{os.environ['OPERATOR_URL']}/readyz", timeout=10) as answer:
        ready = json.load(answer)
    with urllib.request.urlopen(f"{os.environ['OPERATOR_URL']}/metrics", timeout=10) as answer:
        metrics = answer.read().decode()
    if "usecase_leader" not in metrics:
        sys.exit("/metrics does not name usecase_leader")
    print(f"{held['spec']['holderIdentity']} leads, ready: {ready['ready']}")
    return 0 if ready["ready"] else 1


if __name__ == "__main__":
    sys.exit(main())
