"""Who has lost all factors gets rid of them by the consent of others."""

from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import mails_to
from tests.areas.second_factor.requiring import prove_factor
from tests.areas.second_factor.steps import (
    challenged,
    factor_of,
    reset_is_due,
    sign_in_by_code,
    with_app,
)
from tests.client.api import Api, Caller
from tests.client.mutations import attempt, code_of, done
from tests.concurrency.outcomes import at_once
from tests.world.staff import staff_member
from tests.world.world import Member, Person, World


async def _ask(api: Api, person: Person) -> str:
    token = (await challenged(api, person))["challengeToken"]
    return await code_of(api, "secondFactorResetRequest", None, challengeToken=token)


async def _approve(api: Api, owner: Caller, member: Member) -> str:
    return await code_of(api, "secondFactorResetApprove", owner, memberId=member.id)


async def _owners(api: Api, world: World) -> tuple[Member, Member]:
    """Of an account, and of the one above it; each has an app."""
    master = await world.account()
    above = await world.member(master, BuiltinRole.OWNER)
    below = await world.member(await world.account(master), BuiltinRole.OWNER)
    for each in (above, below):
        await with_app(api, world, each.person)
    return above, below


async def test_another_owner_consents_and_a_day_passes(stranger: Api, world: World) -> None:
    above, below = await _owners(stranger, world)
    assert await _approve(stranger, above, below) == "NOT_FOUND", "nobody asked"
    assert await _ask(stranger, below.person) == ""
    assert await _approve(stranger, above, below) == ""
    assert (await challenged(stranger, below.person))["token"] is None
    assert (await factor_of(stranger, below))["resetEffectiveAt"] is not None
    await reset_is_due(world, below.person)
    made: dict[str, Any] = await challenged(stranger, below.person)
    assert made["token"] is not None
    assert (await stranger.ask("{ viewer { id } }", below)).codes == ["UNAUTHENTICATED"]
    assert len(await mails_to(world.database, below.person.email)) >= 3


async def test_a_sign_in_with_the_factor_stops_it(stranger: Api, world: World) -> None:
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    member = await world.member(owner.account, BuiltinRole.ANALYST)
    _, app, _ = await with_app(stranger, world, member.person)
    assert await _ask(stranger, member.person) == ""
    assert await _approve(stranger, owner, member) == ""
    await sign_in_by_code(stranger, member.person, app.code())
    assert (await challenged(stranger, member.person))["token"] is None
    assert await _ask(stranger, member.person) == ""
    assert await _approve(stranger, owner, member) == ""
    query = "mutation { secondFactorResetWithdraw { userErrors { code } } }"
    assert (await stranger.read(query, member))["secondFactorResetWithdraw"]["userErrors"] == []
    assert (await factor_of(stranger, member))["resetEffectiveAt"] is None
    assert (await stranger.read(query, member))["secondFactorResetWithdraw"]["userErrors"] == [
        {"code": "NOT_FOUND"}
    ]


async def test_only_an_owner_consents_and_nobody_for_itself(stranger: Api, world: World) -> None:
    _, below = await _owners(stranger, world)
    administrator = await world.member(below.account, BuiltinRole.ADMINISTRATOR)
    outsider = await world.member(await world.account(), BuiltinRole.OWNER)
    assert await _ask(stranger, below.person) == ""
    assert await _approve(stranger, administrator, below) == "OWNER_REQUIRED"
    assert await _approve(stranger, outsider, below) == "NOT_FOUND"
    assert await _approve(stranger, below, below) == "SECOND_PERSON_REQUIRED"
    assert (await factor_of(stranger, below))["resetEffectiveAt"] is None


async def test_two_owners_who_would_free_each_other_at_once_are_both_refused(
    stranger: Api, world: World
) -> None:
    """The one above owns nothing below, so each is a member of the other's account, too."""
    for _ in range(3):
        above, below = await _owners(stranger, world)
        as_member = await world.member(below.account, BuiltinRole.ANALYST, above.person)
        for each in (above, below):
            assert await _ask(stranger, each.person) == ""
        found = await at_once(
            attempt(stranger, "secondFactorResetApprove", above, memberId=below.id),
            attempt(stranger, "secondFactorResetApprove", below, memberId=as_member.id),
        )
        assert [each.code for each in found] == ["CONFLICT", "CONFLICT"], "both have asked for themselves"
        resets = [(await factor_of(stranger, each))["resetEffectiveAt"] for each in (above, below)]
        assert resets == [None, None]


async def test_who_consented_first_cannot_be_freed_by_the_one_it_freed(stranger: Api, world: World) -> None:
    above, below = await _owners(stranger, world)
    as_member = await world.member(below.account, BuiltinRole.ANALYST, above.person)
    assert await _ask(stranger, below.person) == ""
    assert await _approve(stranger, above, below) == ""
    assert await _ask(stranger, above.person) == ""
    assert await _approve(stranger, below, as_member) == "CONFLICT"


async def test_two_of_the_staff_do_it_at_once(stranger: Api, world: World) -> None:
    person, _, _ = await with_app(stranger, world)
    first, second = await staff_member(world), await staff_member(world)
    await prove_factor(world, first.token)
    values = {"email": person.email}
    reset = "secondFactorStaffReset"
    assert await code_of(stranger, reset, first, **values) == "NOT_FOUND", "nobody asked"
    assert await _ask(stranger, person) == ""
    assert await code_of(stranger, reset, person, **values) == "NOT_FOUND", "no staff"
    assert (await done(stranger, reset, first, "done", **values))["done"] is False
    assert await code_of(stranger, reset, first, **values) == "SECOND_PERSON_REQUIRED"
    assert (await challenged(stranger, person))["token"] is None
    assert (await done(stranger, reset, second, "done", **values))["done"] is True
    assert (await challenged(stranger, person))["token"] is not None


async def test_staff_agree_at_once_and_two_are_needed_all_the_same(stranger: Api, world: World) -> None:
    person, _, _ = await with_app(stranger, world)
    staff = await staff_member(world)
    assert await _ask(stranger, person) == ""
    found = await at_once(
        *[attempt(stranger, "secondFactorStaffReset", staff, email=person.email) for _ in range(2)]
    )
    assert sorted(each.code for each in found) == ["", "SECOND_PERSON_REQUIRED"]
    assert (await challenged(stranger, person))["token"] is None


async def test_a_challenge_that_is_none_asks_for_nothing(stranger: Api) -> None:
    for token in ("", "mdc_nonsense"):
        code = await code_of(stranger, "secondFactorResetRequest", None, challengeToken=token)
        assert code == "SECOND_FACTOR_REFUSED"
