"""A cluster without a whole mark is the rest of an interrupted run; one with it says what it can't become."""

import io
import tarfile

import pytest

from cluster import mark, settings
from cluster.errors import ClusterError

MADE = mark.Mark(api_port=8080, workers=0, image="kindest/node:v1.37.1", version="v1.37.1")


def archive(content: str) -> bytes:
    """As `docker cp` gives a file."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        entry = tarfile.TarInfo("usecase-cluster.json")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content.encode()))
    return stream.getvalue()


def test_a_mark_is_read_as_it_was_written() -> None:
    assert mark.parse(archive(MADE.text())) == MADE


@pytest.mark.parametrize("content", ["", "{", MADE.text()[:-9]])
def test_a_half_written_mark_is_none(content: str) -> None:
    assert mark.parse(archive(content)) is None


def test_what_is_not_asked_for_is_taken_as_it_is() -> None:
    MADE.refuse_other(settings.read({"HOME": "/h"}))


@pytest.mark.parametrize(
    ("variable", "value", "has"),
    [
        ("WORKERS", "2", "WORKERS=0"),
        ("API_PORT", "8081", "API_PORT=8080"),
        ("KUBERNETES_VERSION", "v1.37.2", "KUBERNETES_VERSION=v1.37.1"),
        ("NODE_IMAGE", "kindest/node:v1.37.2", "NODE_IMAGE=kindest/node:v1.37.1"),
    ],
)
def test_what_is_asked_for_and_fixed_is_refused_with_what_there_is(variable: str, value: str, has: str) -> None:
    with pytest.raises(ClusterError, match=f"^{variable}={value}: .* runs with {has}, fixed at creation"):
        MADE.refuse_other(settings.read({"HOME": "/h", variable: value}))
