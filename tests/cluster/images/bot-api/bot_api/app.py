"""One server: the Bot API, the control API, the page and /health over one world."""

from pathlib import Path

from aiohttp import web

from bot_api import control
from bot_api.calls import Calls
from bot_api.world import World

PAGE = Path(__file__).with_name("page.html")
LARGEST_BODY = 1024**2


def build(token: str | None) -> web.Application:
    """The app; `token` None: every well-formed token is the bot's."""
    world = World()
    app = web.Application(client_max_size=LARGEST_BODY)
    app.add_routes(
        [
            web.get("/", _page),
            web.get("/health", _health),
            web.route("*", "/bot{token}/{method}", Calls(world, token).answer),
            *control.routes(world),
        ]
    )
    return app


async def _health(_: web.Request) -> web.Response:
    return web.json_response({"status": "healthy", "service": "bot-api"})


async def _page(_: web.Request) -> web.Response:
    return web.Response(text=PAGE.read_text(encoding="utf-8"), content_type="text/html")
