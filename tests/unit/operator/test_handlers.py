"""What kopf is told about itself."""

import kopf

from usecase_operator.handlers import tune


def test_an_outage_of_an_hour_ends_nobody_and_is_over_five_seconds_after_it() -> None:
    """What kopf has no more patience for, it raises: then the process ends."""
    settings = kopf.OperatorSettings()
    tune(settings)
    pauses = settings.networking.error_backoffs
    assert isinstance(pauses, tuple)
    assert sum(pauses) >= 3600
    assert max(pauses) == 5
    assert pauses[0] == 1
