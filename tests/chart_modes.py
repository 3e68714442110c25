"""The ways in which users set up the charts: values by a name, for tests that look at all of them."""

from typing import Any

from cluster import stack

Modes = dict[str, dict[str, Any]]

_EXTERNAL = {"enabled": False, "existingSecret": "given", "external": {"reach": {"cidrs": ["198.51.100.7/32"]}}}
_BY_CPU = {"scaling": {"mode": "CPU"}}
_BY_QUEUE = {"scaling": {"mode": "Queue", "min": 0}}
_ON = {"enabled": True}
STACK: Modes = {
    "default": {},
    "backends alone": {"useCase": {"enabled": False}},
    "external backends": dict.fromkeys(stack.BACKENDS, _EXTERNAL),
    "by CPU": dict.fromkeys(("postgresData", "mongoData", "api", "reminderWorker", "analyticsWorker"), _BY_CPU),
    "by queue": dict.fromkeys(("reminderWorker", "analyticsWorker"), _BY_QUEUE),
    "behind an ingress": {"api": {"expose": {"ingress": {"host": "tasks.example", "tlsSecretName": "tls"}}}},
    "without a bot": {"bot": {"enabled": False}},
    "with Telegram": {"bot": {"existingSecret": "telegram"}},
    "suspended": {"useCase": {"suspend": True}},
    "monitored": {"monitoring": {"podMonitor": _ON, "rules": _ON, "dashboard": _ON}},
}
OPERATOR: Modes = {
    "cluster": {"crds": {"install": False}},
    "definition given up": {"crds": {"keep": False}},
    "one namespace": {"crds": {"install": False}, "watchNamespaces": ["default"]},
    "monitored": {
        "crds": {"install": False},
        "monitoring": {"serviceMonitor": _ON, "rules": _ON, "dashboard": _ON},
    },
}
