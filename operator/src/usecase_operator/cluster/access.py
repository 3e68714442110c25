"""Where the API server is and who we are: from the pod's service account, or from a kubeconfig context.

Tokens are read from their file again and again (the kubelet rotates them), so a session never goes stale.
"""

import base64
import ssl
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from usecase_operator.trust import trusting

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TOKEN_SECONDS = 30.0
# An object of 1.5 MiB (etcd's limit) is one line of a watch; aiohttp's default breaks at 128 KiB.
LINE_BYTES = 2**21


class AccessError(Exception):
    """The way to the API server can't be read; says which file and what is missing."""


@dataclass(frozen=True, slots=True)
class Access:
    """*token* gives the bearer token of the moment; None where a client certificate does the login."""

    server: str
    tls: ssl.SSLContext
    token: Callable[[], str] | None = None

    def session(self, connections: int) -> aiohttp.ClientSession:
        """A session of at most *connections* sockets; watches hold theirs, so they have a session of their own."""

        async def authorize(
            request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            if self.token:
                request.headers["Authorization"] = f"Bearer {self.token()}"
            return await handler(request)

        return aiohttp.ClientSession(
            base_url=self.server,
            connector=aiohttp.TCPConnector(limit=connections, ssl=self.tls),
            read_bufsize=LINE_BYTES,
            middlewares=(authorize,),
        )


def from_service_account(environment: Mapping[str, str], folder: Path = SERVICE_ACCOUNT) -> Access:
    """As a pod. Raises `AccessError` outside of one."""
    host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        raise AccessError("KUBERNETES_SERVICE_HOST is not set: outside of a pod set KUBECONTEXT and KUBECONFIG")
    address = f"[{host}]" if ":" in host else host
    tls = trusting(cafile=str(folder / "ca.crt"))
    return Access(f"https://{address}:{port}", tls, _rereading(folder / "token"))


def from_kubeconfig(path: Path, context: str) -> Access:
    """As the user of *context*: client certificate, token or token file. Login plugins are not run."""
    config = yaml.safe_load(path.read_text())
    named = _named(config, "contexts", context, path)["context"]
    cluster = _named(config, "clusters", named["cluster"], path)["cluster"]
    user = _named(config, "users", named["user"], path)["user"]
    if "exec" in user or "auth-provider" in user:
        raise AccessError(f"{path}: user {named['user']} logs in by a plugin; use a token or a client certificate")
    return Access(cluster["server"], _tls(cluster, user, path.parent), _token(user, path.parent))


def _named(config: Mapping[str, Any], section: str, name: str, path: Path) -> dict[str, Any]:
    for each in config.get(section) or ():
        if each["name"] == name:
            found: dict[str, Any] = each
            return found
    raise AccessError(f"{path} has no {section.removesuffix('s')} {name}")


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any], folder: Path) -> ssl.SSLContext:
    authority = _material(cluster, "certificate-authority", folder)
    tls = trusting(cadata=authority.decode() if authority else None)
    if cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    certificate = _material(user, "client-certificate", folder)
    key = _material(user, "client-key", folder)
    if certificate and key:
        # ssl reads key pairs from files only.
        with tempfile.NamedTemporaryFile() as file:
            file.write(certificate + b"\n" + key)
            file.flush()
            tls.load_cert_chain(file.name)
    return tls


def _material(section: Mapping[str, Any], name: str, folder: Path) -> bytes | None:
    if data := section.get(f"{name}-data"):
        return base64.b64decode(data)
    return (folder / section[name]).read_bytes() if section.get(name) else None


def _token(user: Mapping[str, Any], folder: Path) -> Callable[[], str] | None:
    if user.get("tokenFile"):
        return _rereading(folder / user["tokenFile"])
    if token := user.get("token"):
        return lambda: str(token)
    return None


def _rereading(path: Path) -> Callable[[], str]:
    """The content of *path*, at most `TOKEN_SECONDS` old."""
    content, read_at = path.read_text().strip(), time.monotonic()

    def current() -> str:
        nonlocal content, read_at
        if time.monotonic() - read_at > TOKEN_SECONDS:
            content, read_at = path.read_text().strip(), time.monotonic()
        return content

    return current
