"""A bearer credential in a service's OpenAPI document. It checks nothing: that stands in front of the routes."""

from fastapi.params import Depends
from fastapi.security import HTTPBearer


def documented_bearer(name: str) -> Depends:
    """For the `dependencies` of a router: its routes ask for the credential of this name."""
    return Depends(HTTPBearer(scheme_name=name, auto_error=False))
