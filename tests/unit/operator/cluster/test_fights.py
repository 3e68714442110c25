"""How fast a child is put back: at once as a rule, ever later where it is changed again and again."""

from usecase_operator.cluster.fights import AT_ONCE, LONGEST_PAUSE, PEACE, Fights

KEY = ("Service", "shop-api")


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def fought(rounds: int) -> tuple[Fights, Time]:
    """A child that was put back so often, each time as soon as it might be."""
    clock = Time()
    fights = Fights(clock)
    for _ in range(rounds):
        clock.now += fights.pause("u", KEY)
        fights.repaired("u", KEY)
    return fights, clock


def test_the_first_damages_are_repaired_at_once() -> None:
    assert [fought(rounds)[0].pause("u", KEY) for rounds in range(AT_ONCE)] == [0.0] * AT_ONCE


def test_the_pauses_grow_up_to_a_bound() -> None:
    pauses = [fought(AT_ONCE + more)[0].pause("u", KEY) for more in range(7)]
    assert pauses == [1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_pause_ends() -> None:
    fights, clock = fought(AT_ONCE + 2)
    clock.now += 3
    assert fights.pause("u", KEY) == 1
    clock.now += 1
    assert fights.pause("u", KEY) == 0


def test_another_child_is_not_made_to_wait() -> None:
    fights, _ = fought(AT_ONCE + 2)
    assert fights.pause("u", ("Service", "shop-web")) == 0
    assert fights.pause("another", KEY) == 0


def test_after_peace_a_damage_is_the_first_again() -> None:
    fights, clock = fought(AT_ONCE + 2)
    clock.now += PEACE + 1
    fights.repaired("u", KEY)
    assert fights.pause("u", KEY) == 0


def test_a_long_fight_at_its_longest_pauses_is_one_fight() -> None:
    assert fought(AT_ONCE + 20)[0].pause("u", KEY) == LONGEST_PAUSE
