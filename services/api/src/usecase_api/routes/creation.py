"""`POST /api/v1/tasks`: the one route whose rate matters."""

from fastapi import APIRouter, Response

from usecase_api.gate import caller
from usecase_api.routes.parameters import DOCUMENTED_TOKEN, Parts, json
from usecase_contracts.own_tasks import NewTask
from usecase_contracts.tasks import Task
from usecase_http.direct_route import DirectRoute
from usecase_http.fastapi_problems import problems


def creation_router(parts: Parts | None) -> APIRouter:
    """The route over `parts`; without them it can be described, not called."""
    router = APIRouter(route_class=DirectRoute, tags=["tasks"], dependencies=DOCUMENTED_TOKEN)

    @router.post(
        "/api/v1/tasks",
        status_code=201,
        response_model=None,
        responses={201: {"model": Task}, **problems(401)},
        summary="Create a task",
    )
    async def create_task(body: NewTask) -> Response:
        assert parts is not None, "routes built without parts are for description only"
        return json(await parts.tasks.create(caller.get(), body), 201)

    return router
