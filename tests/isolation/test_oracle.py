"""Random worlds that are built through the API: it answers everybody what the model says, in every way."""

import random
from collections.abc import Callable

import pytest
from starlette.applications import Starlette

from tests.authz.escalation.profiles import BY_NIGHT
from tests.isolation.following import compare_following
from tests.isolation.oracle import Size, build, compare_reads, viewers_of
from tests.isolation.site import Behind, Site
from tests.isolation.summary import COUNTED
from tests.isolation.tally import Tally
from tests.isolation.watched.directory import compare_directories
from tests.isolation.watched.ending import compare_ended, end_reviews
from tests.isolation.watched.passkeys import compare_passkeys
from tests.isolation.watched.promising import compare_promises
from tests.isolation.writing import compare_writes

SEEDS = (1,)
"""A world of it, always the same; a seed that a nightly run printed may take its place."""
SEEDS_BY_NIGHT = (485086276, 139897801, 969032198, 248519816)
"""Of worlds that once showed a fault. By night they are built beside those that are drawn."""
CHECKS = 25_000
"""How many it is to give, at the least. Drawn worlds differ, so by night they give so many on average."""
_SIZE = Size(trees=3, subaccounts=5, newcomers=3, members=5, keys=3, shares=4)
_WORLDS_BY_NIGHT = 10
_SHOWN = 20


@pytest.mark.parametrize("seed", SEEDS)
async def test_everybody_sees_and_does_what_the_rules_say_and_nothing_else(
    app: Starlette, behind: Behind, seed: int, record_property: Callable[[str, object], None]
) -> None:
    drawn = random.SystemRandom()
    by_night = [*SEEDS_BY_NIGHT, *(drawn.randrange(10**9) for _ in range(_WORLDS_BY_NIGHT))]
    numbers = by_night if BY_NIGHT else [seed]
    checks = 0
    for number in numbers:
        tally = Tally()
        async with Site.of(app, behind, number) as site:
            await build(site, _SIZE)
            viewers = await viewers_of(site)
            await compare_reads(site.world, site.rights, viewers, tally)
            await compare_following(site, site.rights, viewers, tally)
            await compare_writes(site, site.rights, viewers, tally)
            await compare_directories(site, site.rights, viewers, tally)
            tried = await compare_promises(site, viewers, tally)
            await compare_passkeys(site, viewers, tally)
            await end_reviews(site)
            await compare_ended(site, site.rights, await viewers_of(site), tally)
        line = f"seed {number}: {tally.line()}, promises against {', '.join(tried)}"
        record_property(COUNTED, line)
        assert not tally.faults, "\n".join([line, *tally.faults[:_SHOWN]])
        checks += tally.checks
    assert checks >= CHECKS * len(numbers)
