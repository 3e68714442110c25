"""The least rights the operator needs, as the chart gives them: tests run it with these and no more."""

from typing import Any

WRITE = ["get", "list", "watch", "create", "patch", "delete"]
RULES = [
    {"apiGroups": ["usecase.dev"], "resources": ["usecases"], "verbs": ["get", "list", "watch", "patch"]},
    {"apiGroups": ["usecase.dev"], "resources": ["usecases/status"], "verbs": ["patch"]},
    {"apiGroups": ["usecase.dev"], "resources": ["usecases/finalizers"], "verbs": ["update"]},
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": WRITE},
    {"apiGroups": [""], "resources": ["services", "serviceaccounts"], "verbs": WRITE},
    {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies", "ingresses"], "verbs": WRITE},
    {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": WRITE},
    {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": WRITE},
    {"apiGroups": ["keda.sh"], "resources": ["scaledobjects", "triggerauthentications"], "verbs": WRITE},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
    {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "get", "patch"]},
]
LEASES = [{"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "create", "update"]}]
SECRETS = [{"apiGroups": [""], "resources": ["secrets"], "verbs": WRITE}]
ACCOUNT = "usecase-operator"


def role(namespace: str, name: str, rules: list[dict[str, Any]], account_namespace: str) -> list[dict[str, Any]]:
    """A Role and its binding to the operator's account."""
    api = "rbac.authorization.k8s.io"
    return [
        {
            "apiVersion": f"{api}/v1",
            "kind": "Role",
            "metadata": {"name": name, "namespace": namespace},
            "rules": rules,
        },
        {
            "apiVersion": f"{api}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": name, "namespace": namespace},
            "roleRef": {"apiGroup": api, "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": account_namespace}],
        },
    ]
