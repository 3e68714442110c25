"""`python -m bot_api`: serves on `PORT` (8081) of `HOST` (else all interfaces). `BOT_TOKEN`: the one token it knows."""

import os
import sys

from aiohttp import web

from bot_api.app import build


def main() -> None:
    """The process; SIGTERM and SIGINT end it."""
    variable = os.environ.get("PORT") or "8081"
    if not variable.isdecimal() or int(variable) > 65535:
        sys.exit(f"PORT: {variable!r} is no port: take a number from 1 to 65535")
    # A long poll that waits would hold the end up for a minute.
    web.run_app(
        build(os.environ.get("BOT_TOKEN") or None),
        host=os.environ.get("HOST") or None,
        port=int(variable),
        access_log=None,
        shutdown_timeout=1,
        print=None,
    )


main()
