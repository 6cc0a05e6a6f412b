"""Passwords are hashed while nothing is held, in fair turns, and what was found holds when it is written."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from models.effects.attempts import attempts
from models.people.sessions import sessions
from models.people.users import users
from server.embedded_postgres import DatabaseAddresses
from server.fairness.hashing import TURNS, WAITING_FROM_A_PLACE
from server.settings.settings import Settings
from tests.areas.effects.log import mail_to
from tests.authz.cases.moments import hash_quickly
from tests.client.api import Api
from tests.client.held_hashing import HeldApp, held_app
from tests.client.mutations import Attempt, attempt, code_of, done
from tests.client.places import new_place
from tests.concurrency.gates import Gate
from tests.world.world import PASSWORD, Person, World

_OTHER = "quite another password"
_NEW = "the newest of passwords"
_OTHER_HASH, _PASSWORDS_OTHER_HASH = (
    PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(each) for each in (_OTHER, PASSWORD)
)


@pytest.fixture(scope="module")
async def application(addresses: DatabaseAddresses, settings: Settings) -> AsyncIterator[HeldApp]:
    """With no more connections than there are turns: if hashing held one, nobody else had any."""
    async with held_app(settings, addresses, TURNS) as found:
        yield found


@pytest.fixture
async def held(application: HeldApp) -> AsyncIterator[HeldApp]:
    """The same; its thread is held at first."""
    application.hashing.hold()
    yield application
    application.hashing.open()


@pytest.fixture
async def caller(held: HeldApp) -> AsyncIterator[Api]:
    """From a place that nobody asked from before."""
    async with held.at(new_place()) as found:
        yield found


async def _people(world: World, number: int) -> list[Person]:
    people = [await world.person() for _ in range(number)]
    for person in people:
        await hash_quickly(world.database, person)
    return people


def _signing_in(api: Api, person: Person, password: str = PASSWORD) -> "asyncio.Task[Attempt]":
    return asyncio.create_task(attempt(api, "signIn", None, "token", email=person.email, password=password))


async def _writes(api: Api, world: World) -> bool:
    account = await world.account()
    key = await world.api_key(account)
    return await code_of(api, "accountUpdate", key, accountId=account.id, name="New") == ""


async def _done_of(tasks: "list[asyncio.Task[Attempt]]", number: int) -> "list[asyncio.Task[Attempt]]":
    """Those that are done, as soon as they are so many."""
    async with asyncio.timeout(60):
        while len(found := [task for task in tasks if task.done()]) < number:
            await asyncio.wait(set(tasks) - set(found), return_when=asyncio.FIRST_COMPLETED)
    return found


@pytest.mark.parametrize("number", [20, 60])
async def test_many_who_sign_in_at_once_hold_nobody_up(
    number: int, held: HeldApp, caller: Api, world: World, database: AsyncEngine
) -> None:
    """Those who find no room are told at once, and their tries are not counted; the others wait."""
    room = TURNS + WAITING_FROM_A_PLACE
    people = await _people(world, number)
    tasks = [_signing_in(caller, person) for person in people]
    await held.hashing.reached()
    refused = await _done_of(tasks, max(0, number - room))
    assert await _writes(held.api, world)
    assert len([task for task in tasks if task.done()]) == len(refused) == max(0, number - room)
    held.hashing.open()
    found = await asyncio.gather(*tasks)
    busy = [person for person, each in zip(people, found, strict=True) if each.code == "BUSY"]
    assert [each.code for each in found if each.code != "BUSY"] == [""] * min(number, room)
    assert len(busy) == len(refused)
    tried = select(func.count()).where(attempts.c.subject.in_([f"sign-in {person.email}" for person in busy]))
    async with database.connect() as connection:
        assert (await connection.execute(tried)).scalar_one() == 0


async def test_who_finds_no_room_is_told_when_to_try_again(held: HeldApp, caller: Api, world: World) -> None:
    (person,) = await _people(world, 1)
    waiting = [_signing_in(caller, person) for _ in range(TURNS + WAITING_FROM_A_PLACE)]
    await held.hashing.reached()
    query = f"""mutation {{ signIn(input: {{email: "{person.email}", password: "x"}}) {{
      userErrors {{ __typename code message ... on Busy {{ retryAfter }} }} }} }}"""
    (error,) = (await caller.read(query))["signIn"]["userErrors"]
    assert (error["__typename"], error["code"]) == ("Busy", "BUSY")
    assert error["retryAfter"] >= 1
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)


async def test_a_place_that_asks_often_waits_for_itself(held: HeldApp, caller: Api, world: World) -> None:
    """Those who had their turns are done, then one and one: the other place's first comes soon."""
    people = await _people(world, TURNS + WAITING_FROM_A_PLACE + 1)
    order: list[str] = []

    async def sign_in(api: Api, person: Person) -> None:
        assert (await _signing_in(api, person)).code == ""
        order.append(person.email)

    many = [asyncio.create_task(sign_in(caller, person)) for person in people[1:]]
    await held.hashing.reached()
    async with held.at(new_place()) as elsewhere:
        one = asyncio.create_task(sign_in(elsewhere, people[0]))
        await asyncio.sleep(0)
        held.hashing.open()
        await asyncio.gather(one, *many)
    assert order.index(people[0].email) <= 3 * TURNS


async def test_a_password_is_hashed_as_often_for_everybody(application: HeldApp, world: World) -> None:
    """T13: how long it takes tells nobody who is a customer."""
    (person,) = await _people(world, 1)
    new = {"name": "A", "accountName": "B", "password": _OTHER}
    hashings = []
    for field, values in (("signIn", {"password": _OTHER}), ("signUp", new)):
        for email in (person.email, f"no-{person.email}"):
            before = application.hashing.works
            await code_of(application.api, field, None, email=email, **values)
            hashings.append(application.hashing.works - before)
    assert hashings == [1, 1, 2, 2]


async def _stored(database: AsyncEngine, person: Person) -> str:
    async with database.connect() as connection:
        statement = select(users.c.password_hash).where(users.c.id == person.key)
        return str((await connection.execute(statement)).scalar_one())


async def _change_elsewhere(database: AsyncEngine, person: Person, new_hash: str = _OTHER_HASH) -> None:
    """As somebody does it in a transaction of its own."""
    async with database.begin() as connection:
        changed = update(users).where(users.c.id == person.key).values(password_hash=new_hash)
        await connection.execute(changed)


async def _sessions_of(database: AsyncEngine, person: Person) -> int:
    async with database.connect() as connection:
        statement = select(func.count()).where(sessions.c.user_id == person.key)
        return int((await connection.execute(statement)).scalar_one())


async def test_a_password_that_was_changed_meanwhile_lets_nobody_in(
    held: HeldApp, caller: Api, world: World, database: AsyncEngine
) -> None:
    (person,) = await _people(world, 1)
    signing_in = _signing_in(caller, person)
    await held.hashing.reached()
    await _change_elsewhere(database, person)
    held.hashing.open()
    assert (await signing_in).code == "SIGN_IN_REFUSED"
    assert await _sessions_of(database, person) == 1


async def test_the_same_password_with_another_hash_does(
    held: HeldApp, caller: Api, world: World, database: AsyncEngine
) -> None:
    """It is compared again."""
    (person,) = await _people(world, 1)
    signing_in = _signing_in(caller, person)
    await held.hashing.reached()
    await _change_elsewhere(database, person, _PASSWORDS_OTHER_HASH)
    held.hashing.open()
    assert (await signing_in).code == ""


async def test_nobody_changes_the_password_before_its_session_is_there(
    application: HeldApp, world: World, database: AsyncEngine
) -> None:
    """Else a change would end all sessions but the one that is about to be opened with the old password."""
    (person,) = await _people(world, 1)
    gate = Gate("INSERT INTO sessions")
    signing_in = asyncio.create_task(
        gate.holding(code_of(application.api, "signIn", None, email=person.email, password=PASSWORD))
    )
    await gate.reached()
    to_change = select(users.c.id).where(users.c.id == person.key)
    async with database.begin() as connection:
        with pytest.raises(DBAPIError, match="could not obtain lock"):
            await connection.execute(to_change.with_for_update(nowait=True, key_share=True))
    gate.open()
    assert await signing_in == ""


async def test_of_two_changes_the_second_needs_the_first_ones_password(
    held: HeldApp, caller: Api, world: World, database: AsyncEngine
) -> None:
    (person,) = await _people(world, 1)
    change = {"currentPassword": PASSWORD, "newPassword": _NEW}
    changing = asyncio.create_task(code_of(caller, "passwordChange", person, **change))
    await held.hashing.reached()
    await _change_elsewhere(database, person)
    held.hashing.open()
    assert await changing == "SIGN_IN_REFUSED"
    assert await _stored(database, person) == _OTHER_HASH


async def test_an_address_is_not_verified_by_a_password_of_before(
    held: HeldApp, caller: Api, world: World, database: AsyncEngine
) -> None:
    person = await world.person(verified=False)
    await caller.read("mutation { emailVerificationRequest { userErrors { code } } }", person)
    token = (await mail_to(database, person.email)).token
    verifying = asyncio.create_task(code_of(caller, "emailVerify", None, token=token, password=PASSWORD))
    await held.hashing.reached()
    await _change_elsewhere(database, person)
    held.hashing.open()
    assert await verifying == "SIGN_IN_REFUSED"
    async with database.connect() as connection:
        statement = select(users.c.email_verified_at).where(users.c.id == person.key)
        assert (await connection.execute(statement)).scalar_one() is None


@pytest.mark.parametrize(("password", "is_same"), [(PASSWORD, True), (_OTHER, False)])
async def test_somebody_verifies_the_address_meanwhile(
    held: HeldApp, caller: Api, world: World, database: AsyncEngine, password: str, is_same: bool
) -> None:
    """The password is compared with the one that is stored now: it is that person, or a new one."""
    email = f"{uuid4().hex}@example.com"
    wanted = {"name": "A", "email": email, "accountName": "B", "password": password}
    signing_up = asyncio.create_task(done(caller, "signUp", None, "user { id }", **wanted))
    await held.hashing.reached()
    person = await world.person(email=email)
    held.hashing.open()
    assert ((await signing_up)["user"]["id"] == person.id) is is_same
    assert await _sessions_of(database, person) == (2 if is_same else 1)


async def test_a_document_brings_five_passwords(application: HeldApp, world: World) -> None:
    """More are refused before anything is run, also where fragments hold them."""
    (person,) = await _people(world, 1)
    one = f'signIn(input: {{email: "{person.email}", password: "{PASSWORD}"}}) {{ token }}'
    reset = '{ r: passwordReset(input: {token: "x", newPassword: "x"}) { deviceToken } }'
    in_fragment = f"{' '.join(f'a{n}: {one}' for n in range(5))} ...More"
    before = application.hashing.works, await _sessions_of(world.database, person)
    answer = await application.api.ask(f"mutation {{ {in_fragment} }} fragment More on Mutation {reset}")
    assert answer.codes == ["COST_EXCEEDED"]
    assert (application.hashing.works, await _sessions_of(world.database, person)) == before
    found = await application.api.read(f"mutation {{ {in_fragment.replace('...More', '')} }}")
    assert len({each["token"] for each in found.values()}) == 5
