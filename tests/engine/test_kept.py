"""What is kept in so many bytes."""

from engine.base.kept import Kept


def test_no_more_is_kept_than_so_many_bytes() -> None:
    kept: Kept[int, str] = Kept(1000)
    for number in range(10_000):
        kept.add(number, "value", 10)
        assert kept.size <= 1000
    assert [number for number in range(10_000) if kept.get(number)] == list(range(9_900, 10_000))


def test_what_is_asked_for_again_outlasts_what_comes_once() -> None:
    kept: Kept[str, str] = Kept(1000)
    kept.add("once", "value", 200)
    kept.add("again", "value", 200)
    assert kept.get("again") == "value"
    for number in range(10_000):
        kept.add(f"stranger {number}", "value", 50)
    assert kept.get("once") is None
    assert kept.get("again") == "value"


def test_also_what_came_twice_is_forgotten() -> None:
    kept: Kept[int, str] = Kept(1000)
    for number in range(10_000):
        kept.add(number, "value", 10)
        assert kept.get(number) == "value"
        assert kept.size <= 1000
    assert kept.get(0) is None
    assert kept.get(9_999) == "value"


def test_values_grow() -> None:
    kept: Kept[int, str] = Kept(1000)
    kept.add(1, "a", 100)
    kept.add(2, "b", 100)
    kept.grow(1, "a", 850)
    assert (kept.get(1), kept.get(2)) == (None, "b"), "the oldest goes, however large"
    kept.grow(1, "a", 10)
    kept.grow(2, "another", 10)
    assert kept.size == 100
    kept.add(3, "c", 2000)
    assert (kept.get(2), kept.get(3)) == ("b", None)
    assert kept.size == 100
