"""Who is let in, and in which order."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authz.policy.refusals import Busy, RateLimited
from server.fairness.gate import Caller, FairGate, Share, Side

_MANY = Share(1000, 1000, 1000)


def _caller(principal: str, tree: str | None = None, place: str = "127.0.0.1") -> Caller:
    sides = ((Side.PRINCIPAL, principal), (Side.TREE, tree), (Side.PLACE, place))
    return tuple(side for side in sides if side[1] is not None)


def _gate(places: int = 1, inside: Share = _MANY, waiting: Share = _MANY, patience: float = 60) -> FairGate:
    return FairGate(places, inside, waiting, patience)


async def _settle() -> None:
    """Let all tasks go as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def _enter(gate: FairGate, caller: Caller) -> "asyncio.Task[None]":
    task = asyncio.create_task(gate.enter(caller))
    await _settle()
    return task


async def test_callers_take_turns_whoever_asks_more() -> None:
    gate, hers, his = _gate(), _caller("anna"), _caller("boris")
    await gate.enter(hers)
    order: list[str] = []

    async def ask(name: str, caller: Caller) -> None:
        async with gate.place(caller):
            order.append(name)

    waiting = [asyncio.create_task(ask(f"anna {number}", hers)) for number in range(3)]
    await _settle()
    waiting += [asyncio.create_task(ask(f"boris {number}", his)) for number in range(2)]
    await _settle()
    gate.leave(hers)
    await asyncio.gather(*waiting)
    assert order == ["anna 0", "boris 0", "anna 1", "boris 1", "anna 2"]


@pytest.mark.parametrize(
    ("share", "same", "other"),
    [
        (Share(1, 9, 9), _caller("anna", "tree 2", "2.2.2.2"), _caller("boris", "tree 1", "1.1.1.1")),
        (Share(9, 1, 9), _caller("boris", "tree 1", "2.2.2.2"), _caller("anna", "tree 2", "1.1.1.1")),
        (Share(9, 9, 1), _caller("boris", "tree 2", "1.1.1.1"), _caller("anna", "tree 1", "2.2.2.2")),
    ],
    ids=["principal", "tree", "place"],
)
async def test_a_share_is_of_one_side(share: Share, same: Caller, other: Caller) -> None:
    gate, first = _gate(3, share), _caller("anna", "tree 1", "1.1.1.1")
    await gate.enter(first)
    waiting = await _enter(gate, same)
    passing = await _enter(gate, other)
    assert (waiting.done(), passing.done()) == (False, True)
    gate.leave(other)
    assert not waiting.done()
    gate.leave(first)
    await waiting


async def test_too_many_of_one_caller_do_not_wait() -> None:
    gate, hers = _gate(waiting=Share(2, 9, 9)), _caller("anna")
    await gate.enter(hers)
    waiting = [await _enter(gate, hers) for _ in range(2)]
    with pytest.raises(RateLimited):
        await gate.enter(hers)
    others = await _enter(gate, _caller("boris"))
    assert not any(task.done() for task in [*waiting, others])
    for caller in (hers, hers, _caller("boris"), hers):
        gate.leave(caller)
        await _settle()
    await asyncio.gather(*waiting, others)


async def test_nobody_waits_for_ever() -> None:
    gate, hers = _gate(patience=0.01), _caller("anna")
    await gate.enter(hers)
    with pytest.raises(Busy):
        await gate.enter(_caller("boris"))
    gate.leave(hers)
    await gate.enter(_caller("boris"))


async def test_a_place_that_comes_as_the_request_is_given_up_goes_to_the_next() -> None:
    gate, hers = _gate(), _caller("anna")
    await gate.enter(hers)
    given_up, next_one = await _enter(gate, hers), await _enter(gate, _caller("boris"))
    gate.leave(hers)
    given_up.cancel()
    await next_one
    assert given_up.cancelled()


_SIDES = st.builds(_caller, st.sampled_from("abc"), st.sampled_from(["x", "y", None]), st.sampled_from("12"))
_STEPS = st.lists(st.tuples(st.sampled_from(["enter", "leave", "give up"]), _SIDES, st.integers(0, 20)))


_BEHIND_ONE_FOR_A_FULL_TREE = [
    *[("enter", _caller("a", "x", "1"), 0)] * 3,
    ("enter", _caller("a", "y", "1"), 0),
    ("enter", _caller("b", "x", "1"), 0),
    *[("leave", _caller("a", "x", "1"), 0)] * 2,
]


@example(places=2, inside=Share(1, 1, 2), steps=_BEHIND_ONE_FOR_A_FULL_TREE)
@given(places=st.integers(1, 4), inside=st.builds(Share, *[st.integers(1, 3)] * 3), steps=_STEPS)
def test_the_gate_keeps_its_numbers(
    places: int, inside: Share, steps: Sequence[tuple[str, Caller, int]]
) -> None:
    """Never too many inside, nobody outside who could be let in, and nothing left at the end."""
    asyncio.run(_walk(_gate(places, inside), places, inside, steps))


async def _walk(gate: FairGate, places: int, share: Share, steps: Sequence[tuple[str, Caller, int]]) -> None:
    asked: list[tuple[Caller, asyncio.Task[None]]] = []
    for step, caller, number in steps:
        if step == "enter":
            asked.append((caller, await _enter(gate, caller)))
        elif asked:
            chosen, task = asked.pop(number % len(asked))
            if step == "leave" and task.done():
                gate.leave(chosen)
            elif step == "give up" and not task.done():
                task.cancel()
            else:
                asked.append((chosen, task))
        await _settle()
        inside = [one for one, task in asked if task.done()]
        counts = Counter(side for one in inside for side in one)
        assert len(inside) <= places
        assert all(count <= share[side] for (side, _), count in counts.items())
        if len(inside) < places:
            waiting = [one for one, task in asked if not task.done()]
            assert all(any(counts[side] >= share[side[0]] for side in one) for one in waiting)
    for _, task in asked:
        task.cancel()
    await asyncio.gather(*(task for _, task in asked), return_exceptions=True)
    for caller, task in asked:
        if not task.cancelled():
            gate.leave(caller)
    assert gate._inside is not None
    assert (gate._free, gate._inside._counts, gate._waiting._counts) == (places, {}, {})
