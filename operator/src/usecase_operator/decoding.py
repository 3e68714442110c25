"""JSON of the API server → frozen dataclasses, driven by their annotations.

`model` and `status` declare fields; this module fills them. A field `max_tries` is read from `maxTries`. It
checks no rules: the API server has validated and defaulted what arrives here. Fields it does not know are
passed over, so that a newer CRD doesn't stop an older operator.
"""

import dataclasses
import sys
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
Decoder = Callable[[Any, str], Any]


class DecodingError(ValueError):
    """A value has not the shape its field declares; says the path of the field."""


def decode(shape: type[T], value: Mapping[str, Any], path: str = "") -> T:
    """*value* as an instance of the dataclass *shape*. Raises `DecodingError` with the path of the field."""
    return cast(T, _decoder(cast(Any, shape))(value, path))


def camel(name: str) -> str:
    """The JSON name of a field: `max_tries` → `maxTries`."""
    head, *tail = name.rstrip("_").split("_")
    return head + "".join(word.capitalize() for word in tail)


@cache
def _decoder(shape: Any) -> Decoder:
    if dataclasses.is_dataclass(shape):
        return _record(shape)
    origin, arguments = get_origin(shape), get_args(shape)
    if origin in (Union, types.UnionType):
        present = [each for each in arguments if each is not types.NoneType]
        return _decoder(present[0]) if len(present) == 1 else _scalar(tuple(present))
    if origin is tuple:
        return _list(_decoder(arguments[0]))
    if origin is Literal:
        return _scalar((str,))
    if origin is not None:
        return _scalar((origin,))
    return _scalar((shape,))


def _record(shape: Any) -> Decoder:
    hints = get_type_hints(shape)
    fields = [
        (field.name, camel(field.name), _decoder(hints[field.name]), field.default is dataclasses.MISSING)
        for field in dataclasses.fields(shape)
    ]

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, Mapping):
            raise DecodingError(f"{path or shape.__name__}: an object is expected, found {type(value).__name__}")
        given = {}
        for name, key, decoder, required in fields:
            found = value.get(key)
            if found is not None:
                given[name] = decoder(found, f"{path}.{key}" if path else key)
            elif required:
                raise DecodingError(f"{path}.{key}".lstrip(".") + ": this field is required")
        return shape(**given)

    return read


def _list(item: Decoder) -> Decoder:
    def read(value: Any, path: str) -> Any:
        if not isinstance(value, list):
            raise DecodingError(f"{path}: a list is expected, found {type(value).__name__}")
        return tuple(item(each, f"{path}[{index}]") for index, each in enumerate(value))

    return read


def _scalar(kinds: tuple[Any, ...]) -> Decoder:
    accepted = tuple(get_origin(kind) or kind for kind in kinds)

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted):
            wanted = " or ".join(kind.__name__ for kind in accepted)
            raise DecodingError(f"{path}: {wanted} is expected, found {type(value).__name__}")
        # Names and enum values repeat in every UseCase: one copy in memory serves all.
        return sys.intern(value) if type(value) is str and len(value) <= 64 else value

    return read
