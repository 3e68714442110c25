"""Root file systems come from the Debian mirror that this machine uses, and are refused where nobody can make one."""

from pathlib import Path

import pytest

from cluster import debian
from cluster.errors import ClusterError

MAIN = "Debian|Debian|http://mirror.example/debian"
SECURITY = "Debian|Debian-Security|http://mirror.example/debian-security"
OTHERS = "Docker|Docker CE|https://download.example/linux/debian"


@pytest.mark.parametrize(
    ("targets", "site"),
    [
        pytest.param([MAIN, SECURITY], "http://mirror.example/debian", id="the usual"),
        pytest.param([SECURITY, MAIN], "http://mirror.example/debian", id="security first"),
        pytest.param([OTHERS, MAIN], "http://mirror.example/debian", id="other people's archive first"),
        pytest.param([OTHERS], "", id="other people's only"),
        pytest.param(["||http://mirror.example/debian"], "http://mirror.example/debian", id="before the first update"),
        pytest.param([], "", id="none"),
    ],
)
def test_the_mirror_is_debian_s_own(targets: list[str], site: str) -> None:
    assert debian.debian_s_own(targets) == site


def test_a_machine_that_can_t_make_one_says_what_would_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="by root on Debian or Ubuntu only"):
        debian.refuse_elsewhere()
