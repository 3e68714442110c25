"""Every example renders to what its golden file says."""

import pytest

from goldens import FOLDER, golden, rendered
from usecases import EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_renders_to_its_golden_file(name: str) -> None:
    assert rendered(name) == golden(name).read_text(encoding="utf-8"), "run `make golden` and look at the difference"


def test_no_golden_file_is_left_over() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == EXAMPLES
