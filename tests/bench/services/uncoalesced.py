"""postgres-data with one transaction for each create, as a script: measured beside the real one, because a create that
shares its transaction with others costs less than the floor's.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from usecase_postgres_data import main
from usecase_postgres_data.routes import creation


class Alone:
    """A Coalescer that puts each item into a batch of its own, as many at once as there are callers."""

    def __init__(self, flush: Callable[[list[Any]], Awaitable[Sequence[Any]]], most: int) -> None:
        self._flush = flush

    async def add(self, item: Any) -> Any:
        (result,) = await self._flush([item])
        if isinstance(result, Exception):
            raise result
        return result


if __name__ == "__main__":
    creation.Coalescer = Alone  # type: ignore[attr-defined, assignment]
    main.main()
