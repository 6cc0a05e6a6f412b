"""The oracle can fail: with a rule taken out of the model, the API seems to be wrong, in the right column."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.by_day import by_night_alone
from tests.client.api import Answer, Api, Caller
from tests.isolation.model import Account, Asker, Key, Member, Share, Token
from tests.isolation.oracle import Size, build, compare_reads, viewers_of
from tests.isolation.questions import VIEWER
from tests.isolation.reading import Viewer
from tests.isolation.rights import NOTHING, Rights
from tests.isolation.rules import EVERYTHING, SENT_NEEDS, STOCK_NEEDS, WATCHED_NEEDS
from tests.isolation.site import Behind, Site
from tests.isolation.tally import Tally
from tests.isolation.watched.directory import compare_directories
from tests.isolation.watched.ending import compare_ended
from tests.isolation.writing import compare_writes

_SEED = 3
_OTHER_SEED = 5
"""Of a world where what is done leaves people who see each account whole."""
_SMALL = Size(trees=1, subaccounts=3, newcomers=2, members=2, keys=0, shares=3)


@pytest.fixture(scope="module")
async def site(app: Starlette, behind: Behind) -> AsyncIterator[Site]:
    """A small world."""
    async with Site.of(app, behind, _SEED) as found:
        await build(found, _SMALL)
        yield found


@pytest.fixture(scope="module")
async def people(site: Site) -> list[Viewer]:
    """Its people."""
    return [viewer for viewer in await viewers_of(site) if viewer.subject in site.world.people]


_WAYS = (
    "node cntc_",
    "node clst_",
    "node cjob_",
    "node domn_",
    "node rvew_",
    "node cmpg_",
    "node mmsg_",
    "node tmsg_",
    "node prms_",
    "node arev_",
    "node arit_",
    *(f".{field}: " for field in STOCK_NEEDS),
    *(f".{field}: " for field in SENT_NEEDS if field != "sentOnes"),
    *(f".{field}: " for field in WATCHED_NEEDS),
    *(f".{field}: " for field in ("below", "byAccount", "recipientStatistics", "campaignPreview")),
    *(
        f".{field}: "
        for field in ("own", "whole", "one", "personalData", "job", "settingsDiff", "sendPreview")
    ),
    ".deliverability: ",
    "subscription events, account ",
    "subscription usage, account ",
    "subscription job, account ",
    "subscription campaign, account ",
    "export by accountId",
    "export by contactListId",
)
"""How what accounts write with and send is named where it leaks: each is compared. Nothing was SENT."""


class _NoReachDown(Rights):
    """Administrators do not manage what is below (without R45)."""

    def gives_below(self, member: Member | Key) -> frozenset[str]:
        return NOTHING


class _NothingHidden(Rights):
    """Guests see hidden areas (without R24)."""

    def hides(self, share: Share, area: str) -> bool:
        return False


class _NothingNarrowed(Rights):
    """Tokens do all that their parents may in the accounts that they name."""

    def narrows(self, token: Token, account: Account) -> frozenset[str]:
        return self.kept(token.parent, account)


class _NothingLeft(Rights):
    """Tokens do nothing."""

    def narrows(self, token: Token, account: Account) -> frozenset[str]:
        return NOTHING


class _NothingBarred(Rights):
    """Who has proved no second factor comes in where one is required."""

    def bars(self, subject: Asker | None, account: Account) -> bool:
        return False


class _NothingAtAll(Rights):
    """Nobody has any access, as if all of it had ended."""

    def permissions(self, subject: Asker | None, account: Account) -> frozenset[str]:
        return NOTHING


class _NoStatus(Rights):
    """What is suspended or closed can be changed (without T7)."""

    def left_by_status(self, account: Account) -> frozenset[str]:
        return EVERYTHING


async def test_the_model_as_it_is_finds_nothing(site: Site, people: list[Viewer]) -> None:
    tally = Tally()
    await compare_reads(site.world, site.rights, people, tally)
    await compare_writes(site, site.rights, people, tally)
    assert tally.checks > 0
    assert tally.faults == []


async def test_what_must_not_be_shown_is_a_leak(site: Site, people: list[Viewer]) -> None:
    tally = Tally()
    await compare_reads(site.world, _NoReachDown(site.world), people, tally)
    assert [leak for leak in tally.leaks if "node Account" in leak]
    assert not [loss for loss in tally.losses if "node Account" in loss]
    assert not tally.differences
    for way in _WAYS:
        assert [leak for leak in tally.leaks if way in leak], way


@by_night_alone
async def test_what_must_be_shown_and_is_not_is_a_loss(site: Site, people: list[Viewer]) -> None:
    tally = Tally()
    await compare_reads(site.world, _NothingHidden(site.world), people, tally)
    assert [loss for loss in tally.losses if "viewerPermissions" in loss]
    assert not [leak for leak in tally.leaks if "viewerPermissions" in leak]
    assert not tally.differences


async def test_who_is_kept_out_for_want_of_a_second_factor_is_noticed(
    site: Site, people: list[Viewer]
) -> None:
    barred = [
        viewer
        for viewer in people
        if any(site.rights.unreached(viewer.subject, found) != "NOT_FOUND" for found in site.world.accounts)
    ]
    assert barred
    tally = Tally()
    await compare_reads(site.world, _NothingBarred(site.world), barred, tally)
    assert [loss for loss in tally.losses if "node Account" in loss]
    assert not [leak for leak in tally.leaks if "node Account" in leak]


async def test_a_token_that_does_more_or_less_than_it_names_is_noticed(site: Site) -> None:
    tokens = [viewer for viewer in await viewers_of(site) if viewer.subject in site.world.tokens]
    tallies = {rights: Tally() for rights in (_NothingNarrowed, _NothingLeft)}
    for rights, tally in tallies.items():
        await compare_reads(site.world, rights(site.world), tokens, tally)
    assert [loss for loss in tallies[_NothingNarrowed].losses if "viewerPermissions" in loss]
    assert [loss for loss in tallies[_NothingNarrowed].losses if "accessMatrix" in loss]
    assert [leak for leak in tallies[_NothingLeft].leaks if "node Account" in leak]
    assert not tallies[_NothingNarrowed].differences


@by_night_alone
async def test_a_list_that_was_made_for_somebody_else_differs_from_what_is_found_by_id(
    site: Site, people: list[Viewer]
) -> None:
    stranger = next(
        viewer for viewer in people if not site.rights.reaches(viewer.subject, site.world.accounts[0])
    )
    mixed_up = Viewer("mixed up", stranger.subject, _Crossed(stranger.api, people[0]), True, stranger.chance)
    tally = Tally()
    await compare_reads(site.world, site.rights, [mixed_up], tally)
    assert tally.leaks
    assert tally.differences


@by_night_alone
async def test_a_write_that_must_be_done_and_is_not_is_a_loss(site: Site, people: list[Viewer]) -> None:
    tally = Tally()
    await compare_writes(site, _NoStatus(site.world), people, tally)
    assert tally.losses
    assert not tally.leaks
    assert not tally.differences


async def test_a_write_that_must_not_be_done_is_a_leak_and_a_change(app: Starlette, behind: Behind) -> None:
    async with Site.of(app, behind, _OTHER_SEED) as site:  # its own: what must not be done is done here
        await build(site, _SMALL)
        owner = [viewer for viewer in await viewers_of(site) if viewer.subject is site.world.people[0]]
        tally = Tally()
        await compare_writes(site, _NoReachDown(site.world), owner, tally)
        keys = [found for found in await viewers_of(site) if found.subject in site.world.keys]
        directories = Tally()
        await compare_directories(site, _NothingAtAll(site.world), keys, directories)
    for each in (tally, directories):
        assert each.leaks
        assert each.differences


async def test_what_a_review_did_not_end_is_noticed(site: Site, people: list[Viewer]) -> None:
    tally = Tally()
    await compare_ended(site, _NothingAtAll(site.world), people, tally)
    assert [leak for leak in tally.leaks if "after the review in" in leak]


class _Crossed(Api):
    """Answers one question with somebody else's answer, as a cache without a viewer in its key would."""

    def __init__(self, api: Api, other: Viewer) -> None:
        super().__init__(api.http)
        object.__setattr__(self, "_other", other)

    async def ask(self, query: str, caller: Caller | None = None, **variables: Any) -> Answer:
        asker = self._other.subject if query == VIEWER else caller  # type: ignore[attr-defined]
        return await super().ask(query, asker, **variables)
