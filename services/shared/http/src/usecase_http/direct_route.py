"""A FastAPI route whose call is direct, for the few endpoints whose rate matters.

Documented by FastAPI from the signature like any other; called without its dependency solver, which costs
more than the endpoints that use this. The endpoint takes one pydantic body and nothing else, and returns a
`Response`.
"""

import inspect
from collections.abc import Callable
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

from usecase_runtime.server import Receive, Scope, Send


class DirectRoute(APIRoute):
    """For `APIRouter(route_class=DirectRoute)`. An endpoint with other parameters is refused at import."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        kinds = [each.annotation for each in inspect.signature(endpoint, eval_str=True).parameters.values()]
        if len(kinds) != 1 or not (isinstance(kinds[0], type) and issubclass(kinds[0], BaseModel)):
            raise TypeError(f"{path}: a direct route takes one pydantic body, not {kinds}")
        self._model = TypeAdapter(kinds[0])

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, call the endpoint, send its answer; what either raises is the app's handlers' business."""
        if scope["method"] not in (self.methods or ()):
            return await super().handle(scope, receive, send)
        try:
            body = self._model.validate_json(await Request(scope, receive).body())
        except ValidationError as error:
            located = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
            raise RequestValidationError(located) from None
        await (await self.endpoint(body))(scope, receive, send)
