"""Applying objects so that one failure stops nothing that does not depend on it.

`reconcile` and `workloads` apply through a `Pass`, which keeps what failed and what was put back for the status.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.writer import Repair, failure
from usecase_operator.errors import Retry, Stuck
from usecase_operator.metadata import Manifest
from usecase_operator.model import UseCase


class Cluster(Protocol):
    async def apply(self, usecase: UseCase, manifest: Manifest) -> Repair | None: ...


@dataclass(slots=True)
class Pass:
    """What one pass has found out so far. *looks*: after so many seconds something may be new that nobody tells of."""

    failures: list[Retry | Stuck] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    cut_off: bool = False

    def failed(self, error: Retry | Stuck | ApiError, doing: str) -> None:
        """Keep the failure; one of the API server itself ends the writing."""
        if isinstance(error, ApiError):
            self.cut_off = self.cut_off or error.of_server
            error = failure(error, doing)
        self.failures.append(error)

    def repaired(self, repair: Repair | None) -> None:
        if repair:
            self.repairs.append(repair)


async def apply(usecase: UseCase, manifests: Iterable[Manifest], cluster: Cluster, run: Pass) -> None:
    """Each of *manifests* whatever becomes of the others, until the API server itself fails."""
    for manifest in manifests:
        if run.cut_off:
            return
        try:
            run.repaired(await cluster.apply(usecase, manifest))
        except (Retry, Stuck, ApiError) as error:
            run.failed(error, f"{manifest['kind']} {manifest['metadata']['name']}")
