"""Writes docs/reference/openapi/*.json, with the sources of the services on PYTHONPATH:

    export PYTHONPATH=$(echo services/*/src services/shared/*/src | tr ' ' :)
    .venv/bin/python docs/generate_openapi.py

Each document is what its service says of its own routes; docs/generate_http_reference.py makes a page of them. A
contract test compares.
"""

import json
from pathlib import Path

import usecase_api.app
import usecase_mongo_data.app
import usecase_postgres_data.app

DOCUMENTS = Path(__file__).parents[1] / "docs" / "reference" / "openapi"
# Without what stands behind them, the routes can be described.
APPS = {
    "api": usecase_api.app.build(None),
    "postgres-data": usecase_postgres_data.app.build(None, max_tasks_per_page=50),
    "mongo-data": usecase_mongo_data.app.build(None),
}


def document(service: str) -> str:
    """Its OpenAPI document as JSON text."""
    return json.dumps(APPS[service].openapi(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    for name in APPS:
        (DOCUMENTS / f"{name}.json").write_text(document(name), encoding="utf-8")
