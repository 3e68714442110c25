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
# For the namespaces that are served the chart gives these in the whole cluster: one that ends takes its Role with it.
USECASES = RULES[:2]
LEASES = [{"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "create", "update"]}]
SECRETS = [{"apiGroups": [""], "resources": ["secrets"], "verbs": WRITE}]
ACCOUNT = "usecase-operator"


def cluster_role(name: str, rules: list[dict[str, Any]], account_namespace: str) -> list[dict[str, Any]]:
    """As `role`, for every namespace."""
    made = role("", name, rules, account_namespace)
    for each in made:
        each["kind"] = f"Cluster{each['kind']}"
        del each["metadata"]["namespace"]
    made[1]["roleRef"]["kind"] = "ClusterRole"
    return made


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
