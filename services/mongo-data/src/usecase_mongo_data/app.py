"""The HTTP face of mongo-data: its routes, and what stands in front of them."""

from fastapi import FastAPI

from usecase_http.credential import bearer_required
from usecase_http.edge import edge
from usecase_http.fastapi_credential import documented_bearer
from usecase_http.fastapi_problems import ANY_ROUTE, answer_with, problems, speak_problems
from usecase_http.limits import limited
from usecase_http.problem import Problem
from usecase_mongo_data.routes import router
from usecase_mongo_data.settings import Settings
from usecase_mongo_data.store import Store, Unreachable
from usecase_runtime.server import App

SERVICE = "mongo-data"
DOCUMENTED_CREDENTIAL = [documented_bearer("INTERNAL_TOKEN")]
"""`serve` checks it before any route is looked for."""
BATCH_BYTES = 1024 * 1024
"""Room for the largest batch of records."""


def build(store: Store | None) -> FastAPI:
    """The routes over `store`; without one they can be described, not called."""
    app = FastAPI(
        title=SERVICE,
        summary="Activity log and analytics of the task-management use case",
        version="1",
        redoc_url=None,
        responses=problems(401, *ANY_ROUTE),
    )
    app.state.store = store
    speak_problems(app)
    answer_with(app, Unreachable, outage_problem)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Says that this process serves; asks nobody."""
        return {"status": "healthy", "service": SERVICE}

    app.include_router(router, dependencies=DOCUMENTED_CREDENTIAL)
    return app


def outage_problem(error: Exception) -> Problem:
    """The answer to a caller. Without Retry-After on purpose: that would promise that nothing was written."""
    return Problem(503, f"MongoDB is not available: {error}", "database-unavailable")


def serve(app: FastAPI, settings: Settings) -> App:
    """`app` behind request ids, the internal credential and back-pressure."""
    guarded = bearer_required(
        limited(app, settings.max_concurrent_requests, body_bytes=BATCH_BYTES), settings.internal_token
    )
    return edge(guarded, SERVICE)
