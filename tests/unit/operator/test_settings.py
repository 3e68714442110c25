"""The variables of the chart, as the process reads them."""

from pathlib import Path

import pytest

from usecase_operator.settings import SettingsError, nameservers, read, resolv_conf_of_the_pod

POD = """\
search prod.svc.cluster.local svc.cluster.local cluster.local
nameserver 10.96.0.10
options ndots:5
"""


def test_nothing_said_means_the_whole_cluster() -> None:
    settings = read({})
    assert settings.watch_namespaces == ()
    assert settings.ops_port == 9090


@pytest.mark.parametrize("text", ["b,a", "b a", " a , b ", "a,b,a"])
def test_namespaces_are_a_list_in_any_spelling(text: str) -> None:
    assert read({"WATCH_NAMESPACES": text}).watch_namespaces == ("a", "b")


@pytest.mark.parametrize(
    ("variable", "value"), [("OPS_PORT", "http"), ("LOG_LEVEL", "loud"), ("DNS_SERVERS", "10.96.0.10, kube-dns")]
)
def test_a_value_that_can_not_be_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        read({variable: value})


def test_an_identity_is_found_where_none_is_given() -> None:
    assert read({"POD_NAME": "operator-0"}).identity == "operator-0"
    assert read({}).identity


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(POD, ["10.96.0.10"], id="a-pod"),
        pytest.param("nameserver\t10.96.0.10 # Service\n nameserver fd00::a", ["10.96.0.10", "fd00::a"], id="two"),
        pytest.param("nameserver fe80::1%eth0", ["fe80::1"], id="a-zone"),
        pytest.param("# nameserver 1.1.1.1\n;nameserver 1.1.1.1\nnameserver\nnameserver dns\nsearch x", [], id="none"),
    ],
)
def test_nameservers_are_read_as_resolvers_read_them(text: str, found: list[str]) -> None:
    assert [str(each) for each in nameservers(text)] == found


@pytest.mark.parametrize(
    ("environment", "resolv_conf", "dns"),
    [
        pytest.param({}, POD, ("10.96.0.10",), id="as-this-pod"),
        pytest.param({"DNS_SERVERS": "172.30.0.10,fd00::a, 172.30.0.10"}, POD, ("172.30.0.10", "fd00::a"), id="named"),
        pytest.param({"DNS_SERVERS": ""}, POD, ("10.96.0.10",), id="empty-is-not-said"),
        pytest.param({}, "nameserver 127.0.0.11\nnameserver ::1", (), id="loopback"),
        pytest.param({}, "nameserver 10.0.0.3\nnameserver 10.0.0.20", ("10.0.0.20", "10.0.0.3"), id="one-order"),
        pytest.param({"KUBECONTEXT": "other"}, POD, (), id="another-cluster"),
        pytest.param({"KUBECONTEXT": "other", "DNS_SERVERS": "10.0.0.2"}, POD, ("10.0.0.2",), id="another-named"),
        pytest.param({}, "", (), id="nothing-known"),
    ],
)
def test_names_are_asked_where_pods_ask(environment: dict[str, str], resolv_conf: str, dns: tuple[str, ...]) -> None:
    assert read(environment, resolv_conf).dns == dns


def test_outside_of_a_pod_the_machine_s_own_resolver_says_nothing(tmp_path: Path) -> None:
    file, account = tmp_path / "resolv.conf", tmp_path / "serviceaccount"
    file.write_bytes(POD.encode() + b"# \xff")
    assert resolv_conf_of_the_pod(account, file) == ""
    account.mkdir()
    assert resolv_conf_of_the_pod(account, file).startswith(POD)
    assert resolv_conf_of_the_pod(account, tmp_path / "none") == ""
