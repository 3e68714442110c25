"""The how-to about a use case that is not ready has an answer for every reason that may hold one up."""

from pages import in_code, table
from usecases import ROOT

HOW_TO = (ROOT / "docs" / "how-to" / "why-is-my-use-case-not-ready.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "reference" / "conditions.md").read_text(encoding="utf-8")
# Conditions that a use case waits for, or that tell of a trouble beside it.
ASKED_ABOUT = ("Accepted", "CredentialsReady", "MessagingReady", "ComponentsReady", "ScalingActive", "DeadLettersEmpty")


def answered() -> set[str]:
    sections = ("## Accepted", "## CredentialsReady and MessagingReady", "## ComponentsReady")
    reasons = {word for heading in sections for row in table(HOW_TO, heading) for word in in_code(row[0])}
    others = table(HOW_TO, "## Ready, and something is wrong all the same")
    return reasons | {word for row in others for word in in_code(row[1])}


def test_every_reason_that_asks_for_something_is_answered() -> None:
    asking = {
        in_code(reason)[0]
        for reason, of, meaning in table(REFERENCE, "## Reasons")
        if meaning != "–" and set(of.replace(",", " ").split()) & set(ASKED_ABOUT)
    }

    assert len(asking) > 20
    assert asking - answered() == set()


def test_every_answer_is_to_a_reason_that_exists() -> None:
    known = {in_code(row[0])[0] for row in table(REFERENCE, "## Reasons")}

    assert answered() - known == set()
