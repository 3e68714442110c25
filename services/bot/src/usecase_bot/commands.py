"""The commands, each with its argument and its meaning: for /help, for Telegram's menu and for the reference page."""

from typing import NamedTuple


class Described(NamedTuple):
    name: str
    argument: str
    meaning: str


COMMANDS = (
    Described("start", "[CODE]", "say hello, and link this chat to your account"),
    Described("link", "CODE", "link this chat to your account"),
    Described("help", "", "what I understand"),
    Described("task", "TEXT", "create a task"),
    Described("mytasks", "", "all your tasks"),
    Described("pending", "", "tasks that are to do"),
    Described("completed", "", "tasks that are done"),
    Described("done", "N", "task N is completed"),
    Described("start_task", "N", "task N is in progress"),
    Described("cancel", "N", "task N is cancelled"),
    Described("stats", "", "your numbers"),
)
