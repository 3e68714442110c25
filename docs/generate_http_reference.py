"""Writes docs/reference/http-api.md from docs/reference/openapi/*.json: `python3 docs/generate_http_reference.py`.

The documents are generated from the services and hold every detail; the page is what one looks up. A contract test
compares.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DOCUMENTS = ROOT / "docs" / "reference" / "openapi"
PAGE = ROOT / "docs" / "reference" / "http-api.md"
SERVICES = {"api": 8000, "postgres-data": 8001, "mongo-data": 8002}
WHO = {"access_token": "a user", "BOT_CREDENTIAL": "the bot", "INTERNAL_TOKEN": "services"}
ANYWHERE = {"400", "408", "411", "413", "422", "503"}
"""Answers that every route may give; the page says them once."""
HEAD = """\
# HTTP APIs

<!-- Generated from docs/reference/openapi by docs/generate_http_reference.py; edit the routes instead. -->

For whoever calls the stack: every route of its three HTTP services. Fields, types and limits stand in the OpenAPI
documents, which the services also serve at `/docs` (the data services to who has their credential).

Errors are problems by RFC 9457 (`application/problem+json`: `type`, `title`, `status`, `detail`). Besides what a row
says, any route may answer 400, 411, 413 or 422 to a request that makes no sense, 408 to one whose body takes more than
10 s, and 503 with `Retry-After` while it is overloaded or what it needs is away. A request may bring an `X-Request-ID`;
it comes back, and stands in every log line.

*for* says which credential a route asks for, as `Authorization: Bearer …`: an access token of **a user**, the
credential of **the bot** (`BOT_CREDENTIAL`), or that of **services** (`INTERNAL_TOKEN`); – asks for none.
"""

Node = Mapping[str, Any]


def page() -> str:
    parts = [HEAD]
    for name, port in SERVICES.items():
        document = json.loads((DOCUMENTS / f"{name}.json").read_text(encoding="utf-8"))
        parts.append(f"\n## {name}\n\n{document['info']['summary']}. Port {port}, [OpenAPI](openapi/{name}.json).\n\n")
        parts.append("| route | for | says | answers |\n|---|---|---|---|\n")
        parts += _rows(document)
    return "".join(parts)


def _rows(document: Node) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            who = " or ".join(WHO[name] for each in route.get("security", ()) for name in each) or "–"
            queries = [each["name"] for each in route.get("parameters", ()) if each["in"] == "query"]
            says = (route.get("description") or f"{route['summary']}.").replace("\n", " ").replace("|", "\\|")
            asked = f" Query: {', '.join(f'`{name}`' for name in queries)}." if queries else ""
            answers = ", ".join(code for code in route["responses"] if code not in ANYWHERE)
            yield f"| `{method.upper()} {path}` | {who} | {says}{asked} | {answers} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
