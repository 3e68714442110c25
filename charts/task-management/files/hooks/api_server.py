"""The few requests that a hook makes, by its pod's service account. Standard library only: the image is not its own."""

import json
import os
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# A pod may be there before its way to the API server is, and a hook that fails leaves a release half gone.
PATIENCE_SECONDS = 60
PAUSE_SECONDS = 1


def request(path, method="GET"):
    """The answer as data; None for 404. What is read or deleted may be asked again: nothing happens twice."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return _request(path, method)
        except OSError as error:
            if time.monotonic() > deadline:
                raise SystemExit(f"{method} {path}: no answer within {PATIENCE_SECONDS} s: {error}") from None
        time.sleep(PAUSE_SECONDS)


def _request(path, method):
    """Raises OSError where the API server can't be reached, or says itself that it can't answer now."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    host = f"[{host}]" if ":" in host else host
    headers = {"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}"}
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # Python 3.13's default, which authorities of older clusters fail
    asked = urllib.request.Request(f"https://{host}:{port}{path}", method=method, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=10, context=context) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:  # an OSError too
        if error.code == 404:
            return None
        if error.code == 429 or error.code >= 500:
            raise
        raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()[:500]}") from None
