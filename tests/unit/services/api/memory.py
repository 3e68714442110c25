"""Redis as far as the api uses it, in memory, and away when a test says so."""

from typing import Any

from usecase_api.store.shared import Command, Shared


class Memory(Shared):
    """One for all replicas of a test. `away`: it does not hear; `mute`: it hears, and its answer is lost."""

    def __init__(self) -> None:
        self.away = self.mute = False
        self.kept: dict[str, Any] = {}
        self.ran = list[Command]()

    async def run(self, *commands: Command) -> list[Any] | None:
        if self.away:
            return None
        self.ran += commands
        answers = [self._answer(*command) for command in commands]
        return None if self.mute else answers

    def _answer(self, name: Any, *given: Any) -> Any:
        key = given[0]
        match name:
            case "SET":
                if "NX" not in given or key not in self.kept:
                    self.kept[key] = given[1]
            case "MGET":
                return [self.kept.get(each) for each in given]
            case "DEL":
                self.kept.pop(key, None)
            case "INCR" | "DECR":
                self.kept[key] = self.kept.get(key, 0) + (1 if name == "INCR" else -1)
                return self.kept[key]
            case "TTL":
                return 60
            case "EXPIRE":
                return 0
            case _:
                raise AssertionError(f"{name} is not known here")
        return None
