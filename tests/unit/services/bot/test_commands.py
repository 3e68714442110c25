"""The reference page, the help text and the handlers know the same commands."""

import re
from pathlib import Path

from usecase_bot import texts
from usecase_bot.commands import COMMANDS
from usecase_bot.handlers import account, lists, tasks
from usecase_bot.telegram import Command

ROOT = Path(__file__).parents[4]
NAMES = [each.name for each in COMMANDS]


def test_the_reference_lists_every_command_as_it_is() -> None:
    page = (ROOT / "docs/reference/bot-commands.md").read_text()
    rows = re.findall(r"^\| `/([^`]+)` \| ([^|]+) \|", page, re.MULTILINE)
    assert rows == [(f"{each.name} {each.argument}".strip(), each.meaning) for each in COMMANDS]


def test_help_lists_every_command() -> None:
    assert re.findall(r"^/(\w+)", texts.help_text(), re.MULTILINE) == NAMES


def test_every_command_has_a_handler_and_no_handler_is_unknown() -> None:
    routers = (account.router, tasks.commands, lists.router)
    filters = [
        each.callback for router in routers for handler in router.message.handlers for each in handler.filters or []
    ]
    handled = [str(name) for each in filters if isinstance(each, Command) for name in each.commands]
    assert sorted(handled) == sorted(NAMES)
