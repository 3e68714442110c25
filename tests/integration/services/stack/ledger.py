"""What callers asked for and what they were promised, held against what is stored in the end. Pure.

A create that was acknowledged is a promise. One that was refused (503) is none, and there must be no task. One that
was never answered may have left one task or none.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence


class Ledger:
    """Each create has a title of its own, by which it is known again."""

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._refused: set[str] = set()
        self.acknowledged: dict[str, int] = {}

    def ask(self) -> str:
        """The title of the next create."""
        title = f"create {len(self._asked) + 1}"
        self._asked.add(title)
        return title

    def acknowledge(self, title: str, task_id: int) -> None:
        """It was answered 201, with this id."""
        self.acknowledged[title] = task_id

    def refuse(self, title: str) -> None:
        """It was answered that there is no task."""
        self._refused.add(title)

    def faults(self, tasks: Sequence[tuple[int, str]]) -> list[str]:
        """What is wrong with *tasks* (id and title of each that its user can see): nothing, or one line each."""
        by_id, times = dict(tasks), Counter(title for _, title in tasks)
        lost = [title for title, task_id in self.acknowledged.items() if by_id.get(task_id) != title]
        return [
            *(f"lost: {title!r} was acknowledged" for title in lost),
            *(f"phantom: nobody asked for {title!r}" for title in times.keys() - self._asked),
            *(f"phantom: {title!r} was refused" for title in times.keys() & self._refused),
            *(f"phantom: {title!r} is there {count} times" for title, count in times.items() if count > 1),
        ]


def analytics_faults(tasks: Collection[int], actions: Mapping[int, Sequence[str]]) -> list[str]:
    """What is wrong with the records of tasks' actions: each visible task is counted as created, once, and no other
    is, unless that was undone.
    """
    created = Counter({task: list(done).count("created") for task, done in actions.items()})
    undone = {task for task, done in actions.items() if "creation_failed" in done}
    return [
        *(f"task {task} is counted {created[task]} times" for task in tasks if created[task] != 1),
        *(f"task {task} is counted and is not there" for task in actions.keys() - set(tasks) - undone),
    ]
