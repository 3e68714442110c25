"""Which rounds of a benchmark count."""

from bench.services.rounds import Round, summary


def test_the_ratio_is_the_median_of_the_rounds_that_count() -> None:
    rounds = [Round(100, 20, 0.2), Round(101, 30, 0.3), Round(99, 40, 0.4), Round(60, 60, 1.0)]
    found = summary(rounds)
    assert (found["ratio"], found["floor"], found["measured"], found["void"]) == (0.3, 100, 30, 1)
    assert len(found["rounds"]) == 4


def test_a_floor_that_is_too_low_voids_its_round() -> None:
    found = summary([Round(4_000, 900, 0.225), Round(6_000, 900, 0.15)], lowest=5_000)
    assert (found["ratio"], found["void"]) == (0.15, 1)


def test_without_a_round_that_counts_there_is_no_ratio() -> None:
    found = summary([Round(4_000, 900, 0.225)], lowest=5_000)
    assert (found["ratio"], found["void"]) == (None, 1)
