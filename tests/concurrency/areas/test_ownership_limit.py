"""An e-mail address owns at most one account (R46), also when it would become the owner of two at once."""

import asyncio
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.people.users import users
from tests.areas.effects.log import mails_to
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.concurrency.gates import Gate
from tests.concurrency.outcomes import ROUNDS, at_once, owned_by, owners_of
from tests.world.ownership import accept, give_offer, offer_to
from tests.world.world import PASSWORD, Member, Person, World

_ALREADY = "ALREADY_OWNS_ACCOUNT"


async def _promotable(world: World, person: Person) -> Member:
    """The person as an analyst of a new account, whose owner offers it."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ANALYST, person)
    await give_offer(world, account, member, owner.person, owner)
    return member


async def test_promoted_in_three_accounts_at_once(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        person = await world.person()
        members = [await _promotable(world, person) for _ in range(3)]
        codes = await at_once(*[accept(api, member) for member in members])
        assert sorted(codes) == ["", _ALREADY, _ALREADY]
        assert await owned_by(database, person) == 1


async def test_two_invitations_to_own_are_accepted_at_once(
    api: Api, world: World, database: AsyncEngine
) -> None:
    for _ in range(ROUNDS):
        person = await world.person()
        for _ in range(2):
            account = await world.account()
            owner = await world.member(account, BuiltinRole.OWNER)
            offer = {"accountId": account.id, "email": person.email}
            role_id = ROLE_IDS[BuiltinRole.OWNER]
            await done(api, "memberInvite", owner, **offer, roleId=role_id, idempotencyKey="1")
        tokens = [mail.token for mail in await mails_to(database, person.email)]
        codes = await at_once(*[code_of(api, "invitationAccept", person, token=token) for token in tokens])
        assert sorted(codes) == ["", _ALREADY]
        assert await owned_by(database, person) == 1


async def test_two_owners_swap_their_accounts(api: Api, world: World, database: AsyncEngine) -> None:
    """Each would own two for a moment, so neither may; and neither waits for the other for ever."""
    for _ in range(ROUNDS):
        anna_owns, ben_owns = await world.account(), await world.account()
        anna = await world.member(anna_owns, BuiltinRole.OWNER)
        ben = await world.member(ben_owns, BuiltinRole.OWNER)
        anna_there = await world.member(ben_owns, BuiltinRole.ANALYST, anna.person)
        ben_here = await world.member(anna_owns, BuiltinRole.ANALYST, ben.person)
        await give_offer(world, anna_owns, ben_here, anna.person, anna)
        await give_offer(world, ben_owns, anna_there, ben.person, ben)
        codes = await at_once(accept(api, ben_here), accept(api, anna_there))
        assert codes == [_ALREADY, _ALREADY]
        assert await owners_of(database, anna_owns) == await owners_of(database, ben_owns) == 1


async def test_one_account_is_offered_to_one_at_a_time(api: Api, world: World, database: AsyncEngine) -> None:
    """And of accepting, declining and withdrawing at once one is done."""
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        members = [await world.member(account, BuiltinRole.ANALYST) for _ in range(2)]
        codes = await at_once(*[offer_to(api, owner, member) for member in members])
        assert sorted(codes) == ["", "CONFLICT"]
        taker, here = members[codes.index("")], {"accountId": account.id}
        codes = await at_once(
            accept(api, taker),
            code_of(api, "ownershipDecline", taker, **here),
            code_of(api, "ownershipTransferWithdraw", owner, **here),
        )
        assert codes.count("") == 1
        assert set(codes) <= {"", "FAILED_PRECONDITION", "FORBIDDEN"}
        assert await owners_of(database, account) == 1


async def test_sign_ups_with_one_address(stranger: Api, world: World, database: AsyncEngine) -> None:
    """Whoever types an address is a person of its own; who has verified it gets one account."""
    email = f"new-{uuid4().hex}@example.com"
    wanted = {"name": "Anna", "email": email, "accountName": "Agency"}
    attempts = await at_once(
        attempt(stranger, "signUp", None, "user { id } account { id }", **wanted, password=PASSWORD),
        attempt(stranger, "signUp", None, "user { id } account { id }", **wanted, password=PASSWORD),
        attempt(stranger, "signUp", None, "user { id } account { id }", **wanted, password="another one"),
    )
    assert [found.code for found in attempts] == ["", "", ""]
    statement = select(func.count()).where(users.c.email_canonical == email)
    async with database.connect() as connection:
        assert (await connection.execute(statement)).scalar_one() == 3
    known = {**wanted, "email": (await world.person()).email}
    codes = await at_once(
        code_of(stranger, "signUp", None, **known, password=PASSWORD),
        code_of(stranger, "signUp", None, **known, password=PASSWORD),
    )
    assert sorted(codes) == ["", _ALREADY]


async def test_who_leaves_one_account_while_taking_another(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """Either is refused or done; that the old ownership goes away in between must not break the new one."""
    for _ in range(ROUNDS):
        old = await world.account()
        leaving = await world.member(old, BuiltinRole.OWNER)
        await world.member(old, BuiltinRole.OWNER)
        taker = await _promotable(world, leaving.person)
        left, promoted = await at_once(
            code_of(api, "memberLeave", leaving, accountId=old.id), accept(api, taker)
        )
        assert left == ""
        assert promoted in {"", _ALREADY}
        assert await owned_by(database, leaving.person) == int(promoted == "")


async def test_an_ownership_that_ends_between_being_met_and_being_read(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """The order is forced: the person still owns another account when it is to own this one, and does not
    any more when the server looks which one it was."""
    old = await world.account()
    leaving = await world.member(old, BuiltinRole.OWNER)
    await world.member(old, BuiltinRole.OWNER)
    taker = await _promotable(world, leaving.person)
    gate = Gate("FROM ownerships")
    promoting = asyncio.create_task(gate.holding(accept(api, taker)))
    await gate.reached()
    assert await code_of(api, "memberLeave", leaving, accountId=old.id) == ""
    gate.open()
    promoted = await promoting
    assert promoted in {"", _ALREADY, "CONFLICT"}
    assert await owned_by(database, leaving.person) == int(promoted == "")


async def test_closing_the_old_account_while_signing_up_for_a_new_one(
    stranger: Api, world: World, database: AsyncEngine
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    gate = Gate("FROM ownerships")
    wanted = {"name": "A", "email": owner.person.email, "password": PASSWORD, "accountName": "New"}
    signing_up = asyncio.create_task(gate.holding(code_of(stranger, "signUp", None, **wanted)))
    await gate.reached()
    assert await code_of(stranger, "accountClose", owner, accountId=account.id) == ""
    gate.open()
    assert await signing_up in {"", _ALREADY, "CONFLICT"}
