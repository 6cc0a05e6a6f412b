"""The first messages of each tree go before what is more than a tree's share."""

import asyncio

import pytest

from models.base.ids import MasterId, new_id
from resolvers.messages.delivery.first_shares import FirstShares, TurnOfShares

_BATCH = 10


async def _take(turn: TurnOfShares, batches: int, order: list[str], name: str) -> None:
    for _ in range(batches):
        await turn.may_take(_BATCH)
        order.append(name)
        await asyncio.sleep(0.01)
    turn.leave()


def _trees() -> tuple[MasterId, MasterId]:
    return MasterId(new_id()), MasterId(new_id())


async def test_who_has_some_of_its_share_left_goes_first() -> None:
    """Also while it takes one batch after the other."""
    shares = FirstShares(share=5 * _BATCH, restored=0.0, longest_wait=30.0)
    large, small = _trees()
    order: list[str] = []
    beyond = shares.turn(large)
    await _take(beyond, 5, order, "large")
    first = asyncio.create_task(_take(shares.turn(small), 5, order, "small"))
    await asyncio.sleep(0)
    await asyncio.gather(first, _take(beyond, 5, order, "large"))
    assert order[5:] == ["small"] * 5 + ["large"] * 5


async def test_nobody_waits_for_ever() -> None:
    shares = FirstShares(share=1_000 * _BATCH, restored=0.0, longest_wait=0.05)
    large, small = _trees()
    shares.take(large, 1_000 * _BATCH)
    order: list[str] = []
    busy = asyncio.create_task(_take(shares.turn(small), 500, order, "small"))
    await asyncio.sleep(0)
    await _take(shares.turn(large), 3, order, "large")
    assert 3 <= order.count("small") < 500
    busy.cancel()


@pytest.mark.parametrize("how", ["beyond", "left", "stalled", "alone"])
async def test_nothing_is_waited_for_in_vain(how: str) -> None:
    """Where nobody takes anything of its share, what is beyond a share is taken at once."""
    shares = FirstShares(share=_BATCH, restored=0.0, longest_wait=0.1 if how == "stalled" else 30.0)
    large, other = _trees()
    turn = shares.turn(other)
    if how != "alone":
        await turn.may_take(_BATCH)
    if how == "beyond":
        await turn.may_take(_BATCH)
    elif how == "left":
        turn.leave()
    elif how == "stalled":
        await asyncio.sleep(0.3)
    shares.take(large, _BATCH)
    with pytest.raises(StopIteration):  # it ends without waiting once
        shares.turn(large).may_take(_BATCH).send(None)


def test_a_share_is_restored() -> None:
    tree, _ = _trees()
    exhausted, quick = FirstShares(share=_BATCH, restored=0.0), FirstShares(share=_BATCH, restored=1e9)
    assert [exhausted.take(tree, _BATCH) for _ in range(2)] == [True, False]
    assert [quick.take(tree, _BATCH) for _ in range(2)] == [True, True]
