"""The CRD as documentation and as a set of rules: what every field and every rule owes its reader."""

import pytest

from crd_fields import DEFINITION, FIELDS, RULES
from usecases import schema


def test_every_field_is_described() -> None:
    # The API server allows no description of metadata.
    bare = [path for path, node in FIELDS if not node.get("description") and path != ".metadata"]
    assert bare == []


def test_descriptions_are_sentences() -> None:
    described = [(path, node["description"]) for path, node in FIELDS if "description" in node]
    assert [path for path, text in described if not text[0].isupper() or not text.endswith((".", "`"))] == []


def test_every_rule_says_what_to_do() -> None:
    assert len(RULES) > 40
    assert [path for path, rule in RULES if len(rule.get("message", "")) < 20] == []


def test_every_list_and_string_is_bounded() -> None:
    """Rules over unbounded lists cost too much, and an object has to fit into etcd."""
    spec = [(path, node) for path, node in FIELDS if path.startswith(".spec") and "enum" not in node]
    unbounded = [path for path, node in spec if node.get("type") == "array" and "maxItems" not in node]
    unbounded += [path for path, node in spec if node.get("type") == "string" and "maxLength" not in node]
    unbounded += [path for path, node in spec if "additionalProperties" in node and "maxProperties" not in node]
    assert unbounded == []


def test_no_member_of_a_union_is_filled_in() -> None:
    """Nobody owns what the API server fills in: it stays beside a member that is chosen later, and that is refused."""
    unions = {path for path, rule in RULES if "exactly one of" in rule.get("message", "")}
    assert ".spec.components[].health" in unions
    filled = [path for path, node in FIELDS if path in unions and node.get("default")]
    filled += [path for path, node in FIELDS if path.rpartition(".")[0] in unions and "default" in node]
    assert filled == []


def test_lists_of_named_things_merge_by_their_name() -> None:
    """Server-side apply can then own one item, and rules may compare it with its older self."""
    objects = [(path, node) for path, node in FIELDS if node.get("items", {}).get("type") == "object"]
    kinds = {path: node.get("x-kubernetes-list-type") for path, node in objects}
    assert {path for path, kind in kinds.items() if kind != "map"} == {
        ".spec.components[].egress",
        ".status.components[].blockedOn",
    }


def test_only_the_podtemplate_is_free() -> None:
    """Anything else that is would end validation ratcheting: a later rule could hold up a finalizer."""
    free = [path for path, node in FIELDS if node.get("x-kubernetes-preserve-unknown-fields")]
    assert free == [".spec.components[].podTemplate"]


def test_a_fresh_resource_is_not_taken_for_ready() -> None:
    assert schema()["properties"]["status"]["default"] == {"observedGeneration": -1}


@pytest.mark.parametrize(
    ("wide", "columns"),
    [
        (False, ["Ready", "Components", "Backlog", "Age"]),
        (True, ["Reason", "DLQ", "Message"]),
    ],
)
def test_kubectl_get_prints_what_matters(wide: bool, columns: list[str]) -> None:
    printed = DEFINITION["spec"]["versions"][0]["additionalPrinterColumns"]
    assert [each["name"] for each in printed if bool(each.get("priority")) is wide] == columns


def test_it_is_found_under_its_names() -> None:
    names = DEFINITION["spec"]["names"]
    assert (names["plural"], names["shortNames"], names["categories"]) == ("usecases", ["uc"], ["all", "usecases"])
    assert DEFINITION["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_no_key_of_the_crd_is_a_yaml_boolean() -> None:
    """YAML 1.1 reads `on`, `off`, `yes`, `no` as booleans: such a field would silently vanish from the schema."""
    assert [path for path, node in FIELDS for name in node.get("properties", {}) if not isinstance(name, str)] == []
    assert [path for path, node in FIELDS for word in node.get("enum", ()) if not isinstance(word, str)] == []
