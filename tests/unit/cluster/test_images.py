"""A tag changes when, and only when, something that goes into the image changes."""

from pathlib import Path

import pytest

from cluster import docker, images


def test_every_image_names_files_that_exist() -> None:
    for image in images.IMAGES:
        assert (images.ROOT / image.dockerfile).is_file(), image.name
        assert all((images.ROOT / path).exists() for path in image.inputs), image.name


def test_a_dockerfile_takes_its_base_as_an_argument() -> None:
    for image in images.IMAGES:
        text = (images.ROOT / image.dockerfile).read_text()
        assert "ARG BASE=" in text, image.name
        assert "FROM ${BASE}" in text, image.name


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda folder: (folder / "a").write_text("2"), id="content"),
        pytest.param(lambda folder: (folder / "a").rename(folder / "b"), id="name"),
        pytest.param(lambda folder: (folder / "a").chmod(0o755), id="execute bit"),
        pytest.param(lambda folder: (folder / "new").write_text(""), id="another file"),
    ],
)
def test_a_hash_follows_the_files(tmp_path: Path, change: object) -> None:
    (tmp_path / "a").write_text("1")
    before = docker.content_hash(["x"], [tmp_path])
    assert docker.content_hash(["x"], [tmp_path]) == before
    assert callable(change)
    change(tmp_path)
    assert docker.content_hash(["x"], [tmp_path]) != before


def test_a_hash_does_not_follow_what_running_the_code_leaves_behind(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = docker.content_hash([], [tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("")
    assert docker.content_hash([], [tmp_path]) == before


def test_a_hash_follows_the_words() -> None:
    assert docker.content_hash(["a", "b"], []) != docker.content_hash(["ab"], [])
