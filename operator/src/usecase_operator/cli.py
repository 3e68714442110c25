"""`python -m usecase_operator render -f uc.yaml`: what the operator would apply, without a cluster.

The same `render` as in the reconcile, with words in the place of the passwords that only the operator knows.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson
import yaml

from usecase_operator.decoding import DecodingError
from usecase_operator.errors import Stuck
from usecase_operator.graph import start_order
from usecase_operator.metadata import KIND, Manifest
from usecase_operator.model import UseCase, parse
from usecase_operator.offline import RefusedError, admitted, crd, schema_of
from usecase_operator.render import Given, ScalerAccess, render

MADE_LATER = "(made by the operator)"


def main(arguments: Sequence[str]) -> int:
    """Print the manifests of every UseCase in the file. 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="usecase_operator render", description=__doc__)
    parser.add_argument("-f", "--filename", required=True, help="file with UseCases; - reads standard input")
    parser.add_argument("-n", "--namespace", default="default", help="namespace of UseCases that name none")
    parser.add_argument("--without-keda", action="store_true", help="as on a cluster that has no KEDA")
    chosen = parser.parse_args(arguments)
    try:
        text = sys.stdin.read() if chosen.filename == "-" else Path(chosen.filename).read_text(encoding="utf-8")
        for usecase in usecases(text, chosen.namespace):
            start_order(usecase)
            manifests = render(usecase, stand_in(usecase, keda=not chosen.without_keda))
            sys.stdout.write(as_yaml(manifests))
    except (OSError, yaml.YAMLError, RefusedError, DecodingError, Stuck) as error:
        print(f"{chosen.filename}: {error}", file=sys.stderr)
        return 1
    return 0


def as_yaml(manifests: Sequence[Manifest]) -> str:
    """One document each, written out in full: YAML's references between equal parts are for machines."""
    written = [orjson.loads(orjson.dumps(each)) for each in manifests]
    return yaml.safe_dump_all(written, sort_keys=False, explicit_start=True, width=120)


def usecases(text: str, namespace: str) -> list[UseCase]:
    """The UseCases of a YAML text, as the API server would have stored them."""
    schema = schema_of(crd())
    found = []
    for body in yaml.safe_load_all(text):
        if not isinstance(body, dict) or body.get("kind") != KIND:
            raise RefusedError(f"kind: {KIND} is expected in every document of the file")
        found.append(parse(admitted(body, schema, namespace)))
    return found


def stand_in(usecase: UseCase, *, keda: bool) -> Given:
    """What the reconcile would hand in, told in words."""
    return Given(
        amqp_uris={component.name: MADE_LATER for component in usecase.spec.components},
        scaler=ScalerAccess(MADE_LATER, None),
        keda=keda,
    )
