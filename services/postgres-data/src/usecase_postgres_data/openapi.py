"""`python -m usecase_postgres_data.openapi`: the OpenAPI document of this service, as it is checked in, on stdout."""

import json

from usecase_postgres_data.app import build


def document() -> str:
    """The document as JSON text."""
    return json.dumps(build(None, max_tasks_per_page=50).openapi(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(document(), end="")
