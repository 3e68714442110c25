"""No rule of the CRD without an accepted and a refused example."""

from collections import Counter

import pytest

from crd_fields import RULES as IN_CRD
from crd_rules import RULES, Rule, changed
from usecase_operator.model import parse
from usecase_operator.offline import admitted
from usecases import schema


def test_every_rule_of_the_crd_stands_in_the_table_once() -> None:
    listed = Counter(
        (path, rule["message"])
        for path, rule in IN_CRD
        for row in RULES
        if row.where == path and rule["message"].startswith(row.message)
    )
    assert set(listed) == {(path, rule["message"]) for path, rule in IN_CRD}
    assert set(listed.values()) == {1}
    assert len(RULES) == len(IN_CRD)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.title)
def test_both_examples_are_well_formed(rule: Rule) -> None:
    """Refused for the rule, not for a typo: the operator itself could read either."""
    for change in (rule.accepted, rule.refused, rule.before or {}):
        assert parse(admitted(changed(change), schema()))


def test_the_rules_about_updates_say_what_stood_there() -> None:
    about_updates = {(path, rule["message"]) for path, rule in IN_CRD if "oldSelf" in rule["rule"]}
    told = {(row.where, row.message) for row in RULES if row.before is not None}

    assert len(told) == len(about_updates)
    assert all(
        any(path == where and text.startswith(message) for path, text in about_updates) for where, message in told
    )
