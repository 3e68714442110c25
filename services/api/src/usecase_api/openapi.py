"""`python -m usecase_api.openapi`: the OpenAPI document of this service, as it is checked in, on stdout."""

import json

from usecase_api.app import build


def document() -> str:
    """The document as JSON text."""
    return json.dumps(build(None).openapi(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(document(), end="")
