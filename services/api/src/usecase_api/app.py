"""The HTTP face of the api: its routes, and what stands in front of them."""

from typing import Any, cast

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from usecase_api.gate import guarded
from usecase_api.routes import auth, tasks, telegram
from usecase_api.routes.creation import creation_router
from usecase_api.routes.parameters import Parts
from usecase_api.settings import Settings
from usecase_api.tokens import AccessTokens
from usecase_http.edge import edge
from usecase_http.fastapi_problems import ANY_ROUTE, problems, speak_problems
from usecase_http.limits import limited
from usecase_runtime.server import App

SERVICE = "api"
HEALTHY = {"status": "healthy", "service": "task_management_api"}


def build(parts: Parts | None) -> FastAPI:
    """The routes over `parts`; without them they can be described, not called."""
    app = FastAPI(
        title="Task management",
        summary="The business API of the task-management use case",
        version="1",
        redoc_url=None,
        # The place to redirect to would be made of the Host header that somebody sent.
        redirect_slashes=False,
        responses=problems(*ANY_ROUTE),
    )
    app.state.parts = parts
    speak_problems(app)

    @app.get("/health", responses={})
    async def health() -> dict[str, str]:
        """Says that this process serves; asks nobody."""
        return HEALTHY

    app.include_router(creation_router(parts))
    for router in (tasks.router, auth.router, telegram.router):
        app.include_router(router)
    return app


def serve(app: FastAPI, tokens: AccessTokens, settings: Settings) -> App:
    """`app` behind request ids, CORS for browsers, back-pressure, and whoever may pass."""
    inner = limited(guarded(app, tokens, settings.bot_credential), settings.max_concurrent_requests)
    if settings.trusted_proxies:
        # Whoever else sends X-Forwarded-For would choose the address under which its guesses are counted.
        believed = [str(each) for each in settings.trusted_proxies]
        inner = cast(App, ProxyHeadersMiddleware(cast(Any, inner), believed))  # uvicorn spells ASGI's types narrower
    if settings.allowed_hosts:
        # Tokens travel in a header that a page sets itself: browsers' own credentials are never asked for.
        inner = CORSMiddleware(
            inner,
            allow_origins=settings.allowed_hosts,
            allow_methods=("GET", "POST", "PATCH", "PUT", "DELETE"),
            allow_headers=("authorization", "content-type", "x-request-id", "traceparent"),
            expose_headers=("x-request-id", "retry-after"),
            allow_credentials=False,
        )
    return edge(inner, SERVICE)
