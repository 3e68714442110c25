"""`POST /tasks`: the one route whose rate matters, so creates that arrive together share a statement."""

from fastapi import APIRouter, Response

from usecase_contracts.tasks import Task, TaskCreate
from usecase_http.direct_route import DirectRoute
from usecase_http.fastapi_problems import problems
from usecase_postgres_data.database import Pool
from usecase_postgres_data.routes.parameters import json
from usecase_postgres_data.store import creation
from usecase_runtime.coalesce import Coalescer
from usecase_runtime.context import request_id, traceparent

MOST_TOGETHER = 64


def creation_router(pool: Pool | None) -> APIRouter:
    """The route, with the batches it puts creates into."""
    router = APIRouter(route_class=DirectRoute, tags=["tasks"])

    async def create_all(rows: list[creation.Row]) -> list[creation.Outcome]:
        assert pool is not None, "routes built without a pool are for description only"
        return await creation.create(pool, rows)

    batches: Coalescer[creation.Row, bytes] = Coalescer(create_all, MOST_TOGETHER)

    @router.post(
        "/tasks",
        status_code=201,
        response_model=None,
        responses={201: {"model": Task}, **problems(404, 409)},
        summary="Create a task and store its message, in one transaction",
    )
    async def create_task(body: TaskCreate) -> Response:
        return json(await batches.add((body, request_id.get(), traceparent.get())), 201)

    return router
