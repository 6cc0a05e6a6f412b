"""Texts are kept for who uses them, within bounds, and a flood from one place pushes out its own alone."""

import gc
import time
import tracemalloc
from hashlib import sha256

from server.graphql.held_texts import MOST_HOLDERS, HeldTexts

_TEXT = "x" * 500
_SIZE = 2_500
"""Of an entry with this text."""


def _fill(texts: HeldTexts, holder: object, count: int) -> list[str]:
    keys = [f"{holder} {number}" for number in range(count)]
    for key in keys:
        texts.add(key, _TEXT, holder)
    return keys


def _there(texts: HeldTexts, keys: list[str]) -> list[str]:
    """The keys that are there; a stranger looks, who then holds them, too."""
    return [key for key in keys if texts.find(key, "somebody who looks") is not None]


def test_a_text_is_found_by_everybody() -> None:
    texts = HeldTexts()
    assert texts.find("a", "one") is None
    texts.add("a", _TEXT, "one")
    assert (texts.find("a", "one"), texts.find("a", "other")) == (_TEXT, _TEXT)
    assert texts.size == _SIZE


def test_a_flood_from_one_place_pushes_out_its_own_alone() -> None:
    texts = HeldTexts(memory=100 * _SIZE, share=20 * _SIZE)
    mine = _fill(texts, "me", 10)
    flood = _fill(texts, "flood", 1_000)
    assert texts.size == 30 * _SIZE
    assert _there(texts, mine) == mine
    assert _there(texts, flood) == flood[-20:]


def test_a_flood_from_many_places_pushes_out_its_own_first() -> None:
    texts = HeldTexts(memory=100 * _SIZE, share=20 * _SIZE)
    mine = _fill(texts, "me", 10)
    for place in range(8):
        _fill(texts, place, 100)
    assert 90 * _SIZE <= texts.size <= 100 * _SIZE
    assert _there(texts, mine) == mine


def test_a_flood_of_places_takes_little_of_the_processor() -> None:
    texts = HeldTexts()
    for number in range(30_000):
        texts.add(str(number), _TEXT, number)
    begun = time.process_time()
    for number in range(30_000, 31_000):
        texts.add(str(number), _TEXT, number)
    assert time.process_time() - begun < 0.3


def test_what_a_flood_sent_stays_for_who_uses_it_too() -> None:
    texts = HeldTexts(memory=100 * _SIZE, share=20 * _SIZE)
    first, *_ = _fill(texts, "flood", 5)
    assert texts.find(first, "me") is not None
    _fill(texts, "flood again", 1_000)
    for number in range(1_000):
        texts.add(f"more {number}", _TEXT, "flood")
    assert texts.find(first, "me") is not None


def test_what_a_holder_asks_for_goes_last() -> None:
    texts = HeldTexts(memory=100 * _SIZE, share=20 * _SIZE)
    kept = _fill(texts, "me", 5)
    for number in range(100):
        for key in kept:
            assert texts.find(key, "me") is not None
        texts.add(f"new {number}", _TEXT, "me")
    assert texts.size == 20 * _SIZE


def test_a_text_has_a_few_holders_and_new_ones_as_others_leave() -> None:
    texts = HeldTexts(memory=1_000 * _SIZE, share=2 * _SIZE)
    for holder in range(MOST_HOLDERS + 1):
        texts.add("a", _TEXT, holder)
    _fill(texts, 0, 10)
    assert texts.find("a", "late") is not None
    for holder in range(1, MOST_HOLDERS + 1):
        _fill(texts, holder, 10)
    assert _there(texts, ["a"]) == ["a"], "who asked for it after one had left holds it"


def test_it_holds_as_much_as_is_allowed() -> None:
    """Of small texts, each of them with all holders that it may have."""
    texts = HeldTexts(memory=2_000_000, share=1_000_000)
    gc.collect()
    tracemalloc.start()
    for number in range(4_000):
        text = f"{{ a{number}: viewer {{ id }} }}"
        key = sha256(text.encode()).hexdigest()
        for holder in range(MOST_HOLDERS):
            texts.add(key, text, ("place", f"2001:db8::{holder}"))
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert texts.size <= 1_000_000, "all have the same"
    assert held < texts.size * 1.2
