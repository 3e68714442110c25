"""Real handshakes, without a network: an authority such as those of older clusters is enough."""

import base64
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from usecase_operator.broker.connection import Connection
from usecase_operator.cluster.access import from_kubeconfig, from_service_account
from usecase_operator.trust import trusting

HOST = "server.example.com"


class Authority:
    """Without key usage and key identifiers, which the strict check asks for; *days* until its server's certificate
    ends. *server* is the context of that server.
    """

    def __init__(self, folder: Path, days: int = 1) -> None:
        own, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        authority = _certificate("authority", own, own, 2, x509.BasicConstraints(True, None))
        certificate = _certificate("server", key, own, days, x509.SubjectAlternativeName([x509.DNSName(HOST)]))
        self.folder = folder
        self.pem = authority.public_bytes(Encoding.PEM).decode()
        pair = certificate.public_bytes(Encoding.PEM)
        pair += key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "server.pem").write_bytes(pair)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(folder / "server.pem")


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    days: int,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, "authority"))
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=3)).not_valid_after(now + timedelta(days=days))
    return builder.add_extension(extension, critical=True).sign(issuer_key, SHA256())


@pytest.fixture(autouse=True)
def as_from_python_3_13_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's image has it; the tests may run on an older one."""
    original = ssl.create_default_context

    def strict(**trust: Any) -> ssl.SSLContext:
        context = original(**trust)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", strict)


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, host: str = HOST) -> None:
    """Raises `ssl.SSLError` as the client would over a socket."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(back, there, server_hostname=host),
        server.wrap_bio(there, back, server_side=True),
    ]
    while ends:
        for each in tuple(ends):
            try:
                each.do_handshake()
                ends.remove(each)
            except ssl.SSLWantReadError:
                pass


def by_service_account(authority: Authority) -> ssl.SSLContext:
    (authority.folder / "ca.crt").write_text(authority.pem)
    (authority.folder / "token").write_text("t")
    address = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    return from_service_account(address, authority.folder).tls


def by_kubeconfig(authority: Authority) -> ssl.SSLContext:
    ca = base64.b64encode(authority.pem.encode()).decode()
    config = {
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": f"https://{HOST}", "certificate-authority-data": ca}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
    (authority.folder / "config").write_text(yaml.safe_dump(config))
    return from_kubeconfig(authority.folder / "config", "c").tls


def by_connection_secret(authority: Authority) -> ssl.SSLContext:
    found = Connection(f"https://{HOST}:15671", HOST, 5671, "u", "p", ca=authority.pem).ssl_context()
    assert isinstance(found, ssl.SSLContext)
    return found


WAYS = pytest.mark.parametrize("way", [by_service_account, by_kubeconfig, by_connection_secret])
Way = Callable[[Authority], ssl.SSLContext]


@WAYS
def test_an_authority_without_key_usage_is_trusted(way: Way, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match="Key Identifier"):
        shake_hands(ssl.create_default_context(cadata=authority.pem), authority.server)

    shake_hands(way(authority), authority.server)


@WAYS
def test_chain_dates_and_host_name_are_checked(way: Way, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    client = way(authority)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(client, authority.server, "elsewhere.example.com")
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate signature failure"):
        shake_hands(client, Authority(tmp_path).server)
    late = Authority(tmp_path, days=-1)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        shake_hands(way(late), late.server)


def test_the_strict_check_is_all_that_is_left_out() -> None:
    tls, usual = trusting(), ssl.create_default_context()

    assert tls.verify_flags == usual.verify_flags & ~ssl.VERIFY_X509_STRICT
    assert tls.check_hostname
    assert tls.verify_mode is ssl.CERT_REQUIRED
