"""Which handler gets an update: the routers in order, for private chats only, with one place for failures.

Files come first: aiogram takes a caption for a command, too.
"""

from usecase_bot.api import Api
from usecase_bot.handlers import account, buttons, files, lists, tasks
from usecase_bot.handlers.desk import Desk
from usecase_bot.handlers.failures import Failures
from usecase_bot.telegram import Dispatcher, F, Router

PRIVATE = "private"


def dispatcher(api: Api, desk: Desk) -> Dispatcher:
    """Updates go in, calls of `api` and answers come out."""
    made = Dispatcher(disable_fsm=True, api=api, desk=desk)
    # A router belongs to one dispatcher for good: the modules' own are shared by all that a process makes.
    private = Router(name="private chats")
    private.message.filter(F.chat.type == PRIVATE)
    private.callback_query.filter(F.message.chat.type == PRIVATE)
    private.message.middleware(Failures())
    private.callback_query.middleware(Failures())
    private.include_routers(
        files.router, account.router, tasks.commands, lists.router, buttons.router, tasks.free_text
    )  # fmt: skip
    made.include_router(private)
    return made
