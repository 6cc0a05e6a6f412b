"""Builds a world and compares all of it."""

import asyncio
from dataclasses import dataclass

from tests.isolation.following import Following, learn_beginning
from tests.isolation.granting import end_members, grant
from tests.isolation.limiting import limit
from tests.isolation.model import Asker, Key, Person, Token, World
from tests.isolation.narrowing import end_tokens, narrow
from tests.isolation.planting import plant
from tests.isolation.reading import Reading, Viewer
from tests.isolation.rights import Rights
from tests.isolation.sent.giving import send
from tests.isolation.sent.reading import SentReading
from tests.isolation.sight import Sight
from tests.isolation.site import SOON, Site
from tests.isolation.state import learn_events, state_of
from tests.isolation.stock.files import StockFiles
from tests.isolation.stock.giving import stock
from tests.isolation.stock.reading import StockReading
from tests.isolation.stock.roots import StockRoots
from tests.isolation.tally import Tally
from tests.isolation.watched.giving import require_factors, watch
from tests.isolation.watched.reading import WatchedReading

_ELSEWHERE = "192.0.2.1"
_READERS = 4
"""How many viewers read at once."""


@dataclass(frozen=True)
class Size:
    """How much is in a world. `newcomers` sign up by an invitation; `members` are people who are there."""

    trees: int
    subaccounts: int
    newcomers: int
    members: int
    keys: int
    shares: int


async def build(site: Site, size: Size) -> None:
    """A random world with people and programs of all kinds."""
    await plant(site, size.trees, size.subaccounts)
    await grant(site, size.newcomers, size.members, size.keys, size.shares)
    await end_members(site)
    await asyncio.sleep(SOON.total_seconds())  # what ends soon has ended, before more is done by it
    await stock(site)
    await send(site)
    await narrow(site)
    await watch(site)
    await limit(site)
    await end_tokens(site)
    await require_factors(site)
    learn_events(site.world, await state_of(site))
    await learn_beginning(site)


async def viewers_of(site: Site) -> list[Viewer]:
    """Everybody: people, keys and tokens from where they work and from elsewhere, nobody."""
    found = [Viewer("nobody", None, await site.api_at(), accepted=False, chance=site.other_chance())]
    for subject in site.world.askers:
        name, accepted = _name(site, subject), site.rights.works(subject)
        api = await site.api_of(subject)
        found.append(Viewer(name, subject, api, accepted, site.other_chance()))
        if not isinstance(subject, Person) and subject.address is not None:
            api = await site.api_at(_ELSEWHERE)
            found.append(
                Viewer(f"{name} elsewhere", subject, api, accepted=False, chance=site.other_chance())
            )
    return found


async def compare_reads(world: World, rights: Rights, viewers: list[Viewer], tally: Tally) -> None:
    """All that these viewers read."""
    turn = asyncio.Semaphore(_READERS)

    async def read(viewer: Viewer) -> None:
        # A key or a token from where it does not work is nobody.
        sight = Sight(world, rights, viewer.subject if viewer.accepted else None)
        async with turn:
            await Reading(sight, viewer, tally).compare()
            for ways in (StockReading, StockRoots, StockFiles, SentReading, WatchedReading, Following):
                await ways(sight, viewer, tally).compare()

    await asyncio.gather(*map(read, viewers))


def _name(site: Site, subject: Asker) -> str:
    match subject:
        case Person():
            return f"person {site.world.people.index(subject)}"
        case Key():
            return f"key {site.world.keys.index(subject)}"
        case Token():
            return f"token {site.world.tokens.index(subject)} of {_name(site, subject.parent)}"
