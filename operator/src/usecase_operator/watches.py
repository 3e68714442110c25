"""Which watches there are, for the scope the operator serves: one for each kind, or one for each kind and namespace.

The composition of mirrors and watches; started by `main`, before kopf. A namespace that is served may go, and takes the
operator's rights with it: its watches are forbidden from then on, and nobody waits for them.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial

import aiohttp

from usecase_operator.cluster.autoscalers import AutoscalersOfScope, ForeignAutoscalers
from usecase_operator.cluster.children import Children, ChildrenOfKind
from usecase_operator.cluster.pods import Pods, PodsOfScope
from usecase_operator.cluster.reflector import Reflector, Sink
from usecase_operator.cluster.resources import CHILDREN, KEDA, path
from usecase_operator.metadata import MANAGED_BY, MANAGER

OURS = f"{MANAGED_BY}={MANAGER}"
# A server that has just started forbids for seconds what it will allow; the kubelet asks for a restart after 150 s.
LOST_SECONDS = 30.0
LOST = (
    logging.WARNING,
    "a namespace is not served: the operator may not watch in it. If it is gone for good, take it out of "
    "watchNamespaces; else make it anew, and the operator's rights in it (helm upgrade)",
)
FOUND = (logging.INFO, "a namespace is served again")

log = logging.getLogger(__name__)


class Scope:
    """What is watched of one namespace, or of the whole cluster (*namespace* None). *changed* tells that more may be
    admitted than before.
    """

    def __init__(self, namespace: str | None, changed: Callable[[], None]) -> None:
        self.namespace = namespace
        self.reflectors: list[Reflector] = []
        self.lost = False
        self._changed = changed

    @property
    def seen(self) -> bool:
        """Whether everything that exists was shown."""
        return all(each.synced.is_set() for each in self.reflectors)

    def admits(self, *, ending: bool) -> bool:
        """Whether a pass may run: before everything was seen it would make what is there already. One that is *ending*
        makes nothing, and in a namespace that is lost there will be nothing to see.
        """
        return self.seen or (ending and self.lost)

    def look(self) -> None:
        """One of the watches was filled, or is lost, or is allowed again."""
        lost = any(each.lost for each in self.reflectors)
        if lost != self.lost:
            self.lost = lost
            log.log(*(LOST if lost else FOUND), extra={"namespace": self.namespace})
        if self.lost or self.seen:
            self._changed()


def scopes(
    session: aiohttp.ClientSession,
    namespaces: Sequence[str],
    children: Children,
    pods: Pods,
    foreign: ForeignAutoscalers,
    *,
    keda: Callable[[bool], None],
    changed: Callable[[], None],
) -> list[Scope]:
    """*namespaces*: empty means the whole cluster. *keda* is told when its kinds come and go."""
    made = []
    for namespace in namespaces or (None,):
        scope = Scope(namespace, changed)
        patience = LOST_SECONDS if namespace else None
        watch = partial(Reflector, session, patience=patience, changed=scope.look)
        for kind in CHILDREN:
            sink: Sink = ChildrenOfKind(children, kind, namespace)
            selector = OURS
            if kind == "HorizontalPodAutoscaler":
                # Without a selector: somebody else's autoscaler on our Deployment has to be seen too.
                sink, selector = AutoscalersOfScope(ChildrenOfKind(children, kind, namespace), foreign), ""
            scope.reflectors.append(watch(path(kind, namespace), sink, selector=selector))
        scope.reflectors.append(watch(path("Pod", namespace), PodsOfScope(pods, namespace), selector=OURS))
        for kind in KEDA:
            sink = ChildrenOfKind(children, kind, namespace)
            told = keda if kind == "ScaledObject" else _nobody
            scope.reflectors.append(watch(path(kind, namespace), sink, selector=OURS, absent={404}, available=told))
        made.append(scope)
    return made


def _nobody(_: bool) -> None:
    """One of KEDA's kinds speaks for both."""
