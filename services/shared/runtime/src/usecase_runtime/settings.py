"""What env gives to every process, and how a process refuses to start without what it needs.

Each service adds its own fields in its `settings.py`; nothing else reads the environment.
"""

import re
import sys
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

S = TypeVar("S", bound=BaseSettings)
Address = TypeVar("Address", str, SecretStr)
LAST_PORT = 65535
PLACEHOLDERS = ("change-me", "your-")
"""How credentials begin that an example gives away: everybody knows them."""
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:@\[\]]+)(:(?P<port>[0-9]{1,5}))?")


class BadVariable(Exception):  # noqa: N818 - read as a sentence
    """A variable whose fault only a driver finds, after the start: the process ends with 2 and this one line. Its value
    is not repeated.
    """

    def __init__(self, variable: str, reason: str) -> None:
        super().__init__(f"{variable}: {reason}")


def url(*schemes: str) -> AfterValidator:
    """Of a setting: an address with one of these schemes and a host, or several hosts with commas between them. What is
    wrong is said without the value, any part of which may be a password.
    """
    beginnings = " or ".join(f"{scheme}://" for scheme in schemes)

    def check(value: Address) -> Address:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        scheme, _, rest = text.partition("://")
        if scheme.lower() not in schemes:
            raise ValueError(f"must begin with {beginnings}")
        authority = re.split("[/?#]", rest, maxsplit=1)[0]
        if not all(_is_host(each) for each in authority.rpartition("@")[2].split(",")):
            raise ValueError("names no host, or none that can be read: in a password, / ? # @ are %2F %3F %23 %40")
        return value

    return AfterValidator(check)


def _is_host(text: str) -> bool:
    found = _HOST.fullmatch(text)
    return found is not None and 0 < int(found["port"] or 1) <= LAST_PORT


class RuntimeSettings(BaseSettings):
    """Variables that all services understand."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    debug: bool = False
    host: IPv4Address = IPv4Address("0.0.0.0")
    metrics_port: int = Field(default=9090, ge=0, le=LAST_PORT)
    enable_metrics: bool = True
    otel_exporter_otlp_endpoint: Annotated[str, url("http", "https")] | None = None
    jaeger_endpoint: Annotated[str, url("http", "https")] | None = None
    otel_traces_sampler_arg: float = Field(default=0.1, ge=0, le=1)
    stop_grace_seconds: float = Field(default=20, ge=0, le=600)


def otlp_endpoint(settings: RuntimeSettings) -> str | None:
    """Base URL of the OTLP/HTTP collector; a Jaeger collector of the seed's form takes OTLP on port 4318
    (S23).
    """
    if settings.otel_exporter_otlp_endpoint or not settings.jaeger_endpoint:
        return settings.otel_exporter_otlp_endpoint
    return f"http://{urlsplit(settings.jaeger_endpoint).hostname}:4318"


def required_unless_debug(*fields: str) -> Any:
    """For the body of a Settings class: in development only may these credentials be missing, or known to everybody."""

    def check(settings: RuntimeSettings) -> RuntimeSettings:
        if settings.debug:
            return settings
        for field in fields:
            credential: SecretStr | None = getattr(settings, field)
            if credential is None:
                raise ValueError(f"{field.upper()} is not set: set it, or DEBUG=true for development")
            if credential.get_secret_value().lower().startswith(PLACEHOLDERS):
                raise ValueError(
                    f"{field.upper()} is a placeholder that everybody knows: "
                    "set one of your own (openssl rand -base64 48), or DEBUG=true for development"
                )
        return settings

    return model_validator(mode="after")(check)


def load(settings: type[S]) -> S:
    """Read the environment. What is wrong with it goes to stderr, one line a variable, and the process ends
    with 2.
    """
    try:
        return settings()
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            variable = "_".join(str(part) for part in problem["loc"]).upper()
            reason = "is not set" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
            print(f"{variable}: {reason}" if variable else reason, file=sys.stderr)
        raise SystemExit(2) from None
