"""Names, labels, owner and hash of everything the operator makes: written once, used by every renderer.

Selectors take a frozen part of the labels: a Deployment's selector can't change, so nothing that a spec may change
stands in it.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from usecase_operator.model import UseCase

Manifest = dict[str, Any]

GROUP = "usecase.dev"
API_VERSION = f"{GROUP}/v1alpha1"
KIND = "UseCase"
MANAGER = "usecase-operator"
"""Field manager of every apply, and value of the label managed-by."""

HASH = f"{GROUP}/hash"
"""Annotation: hash of the manifest. With it, "nothing to do" is a comparison of two strings."""
REVISION = f"{GROUP}/revision"
"""Annotation of a Deployment: hash of its pod template. A new revision passes the gate; other changes don't wait."""
CONFIG = f"{GROUP}/config"
"""Annotation of a pod template: digest of the Secret values it reads, so that pods roll when they change."""
ADOPT = f"{GROUP}/adopt"
"""Annotation that a person puts on a foreign object of a name we need: "true" lets the operator take it over."""

INSTANCE = "app.kubernetes.io/instance"
COMPONENT = "app.kubernetes.io/component"
MANAGED_BY = "app.kubernetes.io/managed-by"


def child_name(usecase: UseCase, component: str) -> str:
    """`<usecase>-<component>`: the name of everything a component has; Secrets add a suffix."""
    return f"{usecase.name}-{component}"


def selector(usecase: UseCase, component: str) -> dict[str, str]:
    """The labels that find a component's pods. Frozen: never add to them."""
    return {INSTANCE: usecase.name, COMPONENT: component, MANAGED_BY: MANAGER}


def labels(usecase: UseCase, component: str | None = None) -> dict[str, str]:
    found = {
        "app.kubernetes.io/name": component or usecase.name,
        INSTANCE: usecase.name,
        "app.kubernetes.io/part-of": usecase.name,
        MANAGED_BY: MANAGER,
    }
    return found if component is None else found | {COMPONENT: component}


def owner_reference(usecase: UseCase) -> dict[str, Any]:
    """Kubernetes deletes what carries it with the UseCase, also when nobody runs the finalizer."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": usecase.name,
        "uid": usecase.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def manifest(
    usecase: UseCase, api_version: str, kind: str, *, name: str, component: str | None = None, **body: Any
) -> Manifest:
    """A child of *usecase*: *body* under the metadata that all children share."""
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": usecase.namespace,
            "labels": labels(usecase, component),
            "ownerReferences": [owner_reference(usecase)],
        },
        **body,
    }


def annotated(manifest: Manifest, annotations: Mapping[str, str]) -> Manifest:
    metadata = manifest["metadata"]
    return {**manifest, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **annotations}}}


def with_hash(manifest: Manifest) -> Manifest:
    return annotated(manifest, {HASH: digest(manifest)})


def component_of(manifest: Mapping[str, Any]) -> str | None:
    """The component a child belongs to; None for what serves the whole use case."""
    found: str | None = manifest["metadata"].get("labels", {}).get(COMPONENT)
    return found


def digest(value: Any) -> str:
    """16 hexadecimal digits that stand for *value*, any JSON; the same for every order of keys."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
