"""The HTTP face of mongo-data: its routes, and what stands in front of them."""

from fastapi import Depends, FastAPI, Request, Response
from fastapi.security import HTTPBearer

from usecase_http.credential import bearer_required
from usecase_http.edge import edge
from usecase_http.fastapi_problems import ANY_ROUTE, problems, speak_problems
from usecase_http.limits import limited
from usecase_http.problem import Problem
from usecase_mongo_data.routes import router
from usecase_mongo_data.settings import Settings
from usecase_mongo_data.store import Store, Unreachable
from usecase_runtime.server import App

SERVICE = "mongo-data"
DOCUMENTED_CREDENTIAL = [Depends(HTTPBearer(scheme_name="INTERNAL_TOKEN", auto_error=False))]
"""For the OpenAPI document alone: `serve` checks the credential before any route is looked for."""
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
    app.exception_handler(Unreachable)(_outage)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Says that this process serves; asks nobody."""
        return {"status": "healthy", "service": SERVICE}

    app.include_router(router, dependencies=DOCUMENTED_CREDENTIAL)
    return app


async def _outage(_request: Request, error: Exception) -> Response:
    """Without Retry-After on purpose: that would promise that nothing was written."""
    problem = Problem(503, f"MongoDB is not available: {error}", "database-unavailable")
    return Response(problem.body(), problem.status, problem.headers)


def serve(app: FastAPI, settings: Settings) -> App:
    """`app` behind request ids, the internal credential and back-pressure."""
    guarded = bearer_required(
        limited(app, settings.max_concurrent_requests, body_bytes=BATCH_BYTES), settings.internal_token
    )
    return edge(guarded, SERVICE)
