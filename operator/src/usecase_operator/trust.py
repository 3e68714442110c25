"""Whom the operator trusts over TLS: the authority it was given, as strictly as everybody else takes it."""

import ssl


def trusting(*, cafile: str | None = None, cadata: str | None = None) -> ssl.SSLContext:
    """The default context, with that authority; with the image's own if none is named."""
    tls = ssl.create_default_context(cafile=cafile, cadata=cadata)
    # From Python 3.13 on the default also refuses authorities without extensions that only RFC 5280 asks for, key usage
    # for one: those of older clusters, and of a plain `openssl req -x509`. kubectl and curl take them. Chain, dates and
    # host name are checked as before.
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return tls
