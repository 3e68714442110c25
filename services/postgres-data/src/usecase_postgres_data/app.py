"""The HTTP face of postgres-data: its routes, and what stands in front of them."""

from fastapi import FastAPI

from usecase_http.credential import bearer_required
from usecase_http.edge import edge
from usecase_http.fastapi_credential import documented_bearer
from usecase_http.fastapi_problems import ANY_ROUTE, answer_with, problems, speak_problems
from usecase_http.limits import limited
from usecase_postgres_data.database import UNAVAILABLE, Pool, outage_problem
from usecase_postgres_data.routes import reminders, tasks, users
from usecase_postgres_data.routes.creation import creation_router
from usecase_postgres_data.settings import Settings
from usecase_runtime.server import App

SERVICE = "postgres-data"
DOCUMENTED_CREDENTIAL = [documented_bearer("INTERNAL_TOKEN")]
"""`serve` checks it before any route is looked for."""


def build(pool: Pool | None, max_tasks_per_page: int) -> FastAPI:
    """The routes over `pool`; without one they can be described, not called."""
    app = FastAPI(
        title="postgres-data",
        summary="Users, tasks, reminders and the outbox of the task-management use case",
        version="1",
        redoc_url=None,
        responses=problems(401, *ANY_ROUTE),
    )
    app.state.pool, app.state.max_tasks_per_page = pool, max_tasks_per_page
    speak_problems(app)
    for kind in UNAVAILABLE:
        answer_with(app, kind, outage_problem)

    @app.get("/health", responses={})
    async def health() -> dict[str, str]:
        """Says that this process serves; asks nobody."""
        return {"status": "healthy", "service": SERVICE}

    app.include_router(creation_router(pool), dependencies=DOCUMENTED_CREDENTIAL)
    for router in (tasks.router, reminders.router, users.router):
        app.include_router(router, dependencies=DOCUMENTED_CREDENTIAL)
    return app


def serve(app: FastAPI, settings: Settings) -> App:
    """`app` behind request ids, the internal credential and back-pressure."""
    guarded = bearer_required(limited(app, settings.max_concurrent_requests), settings.internal_token)
    return edge(guarded, SERVICE)
