"""Writes what the charts carry but do not say themselves: `python docs/generate_charts.py`.

The operator's package and chart get copies of `crds/usecase.yaml` (a link would not survive every archive), and each
chart's README the table of its values, out of the comments in `values.yaml`. A contract test compares.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[1]
CRD = ROOT / "crds" / "usecase.yaml"
COPIES = (
    ROOT / "operator" / "src" / "usecase_operator" / "usecase.yaml",
    ROOT / "charts" / "usecase-operator" / "files" / "usecase.yaml",
)
CHARTS = (ROOT / "charts" / "usecase-operator", ROOT / "charts" / "task-management")
HEADING = "## Values\n"


class Value(NamedTuple):
    """One line of the table."""

    key: str
    default: str
    description: str


def generated() -> dict[Path, str]:
    """Every generated file and what has to stand in it."""
    files = {path: CRD.read_text(encoding="utf-8") for path in COPIES}
    for chart in CHARTS:
        readme = chart / "README.md"
        head = readme.read_text(encoding="utf-8").split(HEADING)[0]
        files[readme] = head + HEADING + _table(chart)
    return files


def values(text: str) -> Iterator[Value]:
    """The explained values of a `values.yaml`, in its order. A `# --` comment speaks of the key below it."""
    defaults = yaml.safe_load(text)
    path: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in text.splitlines():
        if match := re.match(r"( *)([A-Za-z][A-Za-z0-9]*):", line):
            indent = len(match[1])
            path = [*((at, key) for at, key in path if at < indent), (indent, match[2])]
            if comment:
                keys = [key for _, key in path]
                yield Value(".".join(keys), _default(_at(defaults, keys)), " ".join(comment))
            comment = []
        elif said := re.match(r" *# -- (.+)", line):
            comment = [said[1]]
        elif comment and (more := re.match(r" *# (.+)", line)):
            comment.append(more[1])


def _table(chart: Path) -> str:
    rows = values((chart / "values.yaml").read_text(encoding="utf-8"))
    cells = (f"| `{row.key}` | {row.default} | {row.description.replace('|', chr(92) + '|')} |" for row in rows)
    note = "<!-- Generated from values.yaml by docs/generate_charts.py; edit the comments there. -->"
    return "\n".join(["", note, "", "| value | default | |", "|---|---|---|", *cells, ""])


def _at(node: Mapping[str, Any], keys: list[str]) -> Any:
    for key in keys:
        node = node[key]
    return node


def _default(value: Any) -> str:
    if value in ("", None, [], {}):
        return ""
    if isinstance(value, (dict, list)):
        text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000).strip()
        return f"`{text}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    for file, content in generated().items():
        file.write_text(content, encoding="utf-8")
