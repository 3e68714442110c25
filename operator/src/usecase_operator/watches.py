"""Which watches there are, for the scope the operator serves: one for each kind, or one for each kind and namespace.

The composition of mirrors and watches; started by `main`, before kopf.
"""

from collections.abc import Callable, Sequence

import aiohttp

from usecase_operator.cluster.autoscalers import AutoscalersOfScope, ForeignAutoscalers
from usecase_operator.cluster.children import Children, ChildrenOfKind
from usecase_operator.cluster.pods import Pods, PodsOfScope
from usecase_operator.cluster.reflector import Reflector, Sink
from usecase_operator.cluster.resources import CHILDREN, KEDA, path
from usecase_operator.metadata import MANAGED_BY, MANAGER

OURS = f"{MANAGED_BY}={MANAGER}"


def reflectors(
    session: aiohttp.ClientSession,
    namespaces: Sequence[str],
    children: Children,
    pods: Pods,
    foreign: ForeignAutoscalers,
    keda: Callable[[bool], None],
) -> list[Reflector]:
    """*namespaces*: empty means the whole cluster. *keda* is told when its kinds come and go."""
    made = []
    for namespace in namespaces or (None,):
        for kind in CHILDREN:
            sink: Sink = ChildrenOfKind(children, kind, namespace)
            selector = OURS
            if kind == "HorizontalPodAutoscaler":
                # Without a selector: somebody else's autoscaler on our Deployment has to be seen too.
                sink, selector = AutoscalersOfScope(ChildrenOfKind(children, kind, namespace), foreign), ""
            made.append(Reflector(session, path(kind, namespace), sink, selector=selector))
        made.append(Reflector(session, path("Pod", namespace), PodsOfScope(pods, namespace), selector=OURS))
        for kind in KEDA:
            sink = ChildrenOfKind(children, kind, namespace)
            told = keda if kind == "ScaledObject" else _nobody
            made.append(Reflector(session, path(kind, namespace), sink, selector=OURS, absent={404}, available=told))
    return made


def _nobody(_: bool) -> None:
    """One of KEDA's kinds speaks for both."""
