"""However many messages with files a worker has claimed, it holds few of them at once, and a file once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from models.base.ids import AccountId, AccountKey, AttachmentId, MasterId
from resolvers.messages.attachments.read import AttachedFile
from resolvers.messages.attachments.room import AttachmentRoom, GoneError, NoRoomError
from tests.areas.messages.files import attachment_id, give_attachment
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site
from tests.client.api import Api
from tests.world.messages import mail, send
from tests.world.world import World

_SIZE = 1_000


async def _files(world: World, shop: Shop, many: int) -> Sequence[AttachedFile]:
    found = []
    for number in range(many):
        key = await give_attachment(world, shop.account, content=bytes([number]) * _SIZE)
        found.append(AttachedFile(AttachmentId(key), f"{number}.dat", "text/plain", _SIZE, None))
    return found


def _place(shop: Shop) -> AccountKey:
    return AccountKey(MasterId(shop.master.master), AccountId(shop.account.key))


async def test_a_process_holds_so_many_bytes(shop: Shop, world: World, site: Site) -> None:
    """Ten messages come at once, two of them with what alone is more than all that may be held."""
    files = await _files(world, shop, 10)
    room, held, most = AttachmentRoom(most=2 * _SIZE + 1), 0, 0

    async def hold(named: Sequence[AttachedFile]) -> None:
        nonlocal held, most
        async with room.contents(site.sessions, _place(shop), named) as contents:
            assert [len(contents[file.id]) for file in named] == [_SIZE] * len(named)
            held += len(named)
            most = max(most, held)
            assert held <= 2 or held == len(named)
            await asyncio.sleep(0.01)
            held -= len(named)

    each = [[file] for file in files[:8]]
    await asyncio.gather(*[hold(named) for named in (*each[:4], files[:5], *each[4:], files[5:])])
    assert (held, most) == (0, 5)


async def test_messages_with_one_file_share_it(shop: Shop, world: World, site: Site) -> None:
    (file,) = await _files(world, shop, 1)
    room, place, found = AttachmentRoom(), _place(shop), list[bytes]()

    async def hold() -> None:
        async with room.contents(site.sessions, place, [file]) as contents:
            found.append(contents[file.id])
            await asyncio.sleep(0.1)

    await asyncio.gather(*[hold() for _ in range(10)])
    assert len(found) == 10
    assert all(content is found[0] for content in found)


async def test_what_finds_no_room_comes_later(api: Api, shop: Shop, world: World, site: Site) -> None:
    """It counts as no try. Whatever goes wrong inside, the room is free again."""
    (file,) = await _files(world, shop, 1)
    room, place = AttachmentRoom(most=_SIZE, patience=0.05), _place(shop)
    gone = AttachedFile(AttachmentId(place.account_id), "gone", "text/plain", 1, None)
    for _ in range(3):
        with pytest.raises(GoneError):
            async with room.contents(site.sessions, place, [gone]):
                raise AssertionError
        with pytest.raises(ZeroDivisionError):
            async with room.contents(site.sessions, place, [file]):
                raise ZeroDivisionError
    async with room.contents(site.sessions, place, [file]):
        with pytest.raises(NoRoomError):
            async with room.contents(site.sessions, place, [file]):
                raise AssertionError
    async with room.contents(site.sessions, place, [file]):
        pass


async def test_messages_wait_for_room_and_arrive(api: Api, shop: Shop, world: World, site: Site) -> None:
    """Each once, and what found no room at first counts as no try."""
    narrow = replace(site, room=AttachmentRoom(most=_SIZE, patience=0.001))
    key = await give_attachment(world, shop.account, content=bytes(_SIZE))
    named = {"attachments": [{"attachmentId": attachment_id(shop.account, key)}]}
    given = [mail(str(number), f"a{number}@example.com") | named for number in range(10)]
    await send(api, shop.owner, shop.account, given)
    turns = 0
    while len(site.mailbox.taken) < 10 and turns < 20:
        await narrow.work(shop)
        await site.let_pass(shop, minutes=1)
        turns += 1
    assert turns > 1
    assert site.mailbox.recipients == [f"a{number}@example.com" for number in range(10)]
    assert set(await site.attempts(shop)) == {1}
