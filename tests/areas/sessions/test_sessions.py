"""People see their sessions and end them."""

import asyncio

from sqlalchemy import func, select

from authz.policy.builtin_roles import BuiltinRole
from models.people.sessions import sessions
from tests.areas.sessions.stored import give_session, stored_session, used_before
from tests.client.api import Api, Caller
from tests.client.mutations import Token, attempt, code_of, done
from tests.concurrency.outcomes import at_once
from tests.world.world import PASSWORD, Person, World

_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
_LIST = "{ viewer { sessions { totalCount nodes { id current client place lastSeenAt expiresAt } } } }"


async def _signed_in(api: Api, person: Person, user_agent: str = _FIREFOX) -> Token:
    api.http.headers["User-Agent"] = user_agent
    return Token((await done(api, "signIn", None, "token", email=person.email, password=PASSWORD))["token"])


async def _seen(api: Api, caller: Caller) -> list[dict[str, object]]:
    nodes: list[dict[str, object]] = (await api.read(_LIST, caller))["viewer"]["sessions"]["nodes"]
    return nodes


async def _answers(api: Api, caller: Caller) -> bool:
    answer = await api.ask("{ viewer { id } }", caller)
    assert answer.errors == [] or answer.codes == ["UNAUTHENTICATED"]
    return answer.errors == []


async def _number(world: World, person: Person) -> int:
    statement = select(func.count()).where(sessions.c.user_id == person.key)
    async with world.database.connect() as connection:
        return (await connection.execute(statement)).scalar_one()


async def test_people_see_where_they_are_signed_in(stranger: Api, world: World) -> None:
    person = await world.person()
    await world.person()
    first = await _signed_in(stranger, person)
    second = await _signed_in(stranger, person, "curl/8.5.0")
    seen = await _seen(stranger, first)
    assert [(each["current"], each["client"]) for each in seen] == [
        (False, "curl"),
        (True, "Firefox on Linux"),
        (False, None),  # written by the test itself
    ]
    assert {each["place"] for each in seen[:2]} == {(await stored_session(world, first.token)).place}
    assert [each["current"] for each in await _seen(stranger, second)] == [True, False, False]


async def test_a_session_is_nobody_elses(stranger: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ANALYST)
    id_, token = await give_session(world, member.person)
    query = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await stranger.read(query, member, id=id_))["node"] == {"id": id_}
    assert (await stranger.read(query, owner, id=id_))["node"] is None
    assert await code_of(stranger, "sessionRevoke", owner, sessionId=id_) == "NOT_FOUND"
    assert await _answers(stranger, token)


async def test_a_revoked_session_is_refused_by_the_next_request(stranger: Api, world: World) -> None:
    person = await world.person()
    id_, token = await give_session(world, person)
    assert await _answers(stranger, token)
    made = await done(stranger, "sessionRevoke", person, "sessionId", sessionId=id_)
    assert made["sessionId"] == id_
    assert not await _answers(stranger, token)
    assert await _answers(stranger, person)
    assert await code_of(stranger, "sessionRevoke", person, sessionId=id_) == "NOT_FOUND"


async def test_all_others_are_revoked_at_once(stranger: Api, world: World) -> None:
    person, other = await world.person(), await world.person()
    tokens = [(await give_session(world, person))[1] for _ in range(3)]
    query = "mutation { sessionRevokeOthers { revoked userErrors { code } } }"
    made = (await stranger.read(query, tokens[0]))["sessionRevokeOthers"]
    assert made == {"revoked": 3, "userErrors": []}
    callers: list[Caller] = [*tokens, person, other]
    assert [await _answers(stranger, each) for each in callers] == [True, False, False, False, True]


async def test_a_key_has_no_sessions(stranger: Api, world: World) -> None:
    account = await world.account()
    key = await world.api_key(account)
    person = await world.person()
    id_, token = await give_session(world, person)
    assert (await stranger.read(_LIST, key))["viewer"]["sessions"] == {"totalCount": 0, "nodes": []}
    assert await code_of(stranger, "sessionRevoke", key, sessionId=id_) == "PERSON_REQUIRED"
    query = "mutation { sessionRevokeOthers { revoked userErrors { code } } }"
    refused = (await stranger.read(query, key))["sessionRevokeOthers"]
    assert refused == {"revoked": None, "userErrors": [{"code": "PERSON_REQUIRED"}]}
    assert await _answers(stranger, token)


async def test_use_is_noted_once_a_minute(stranger: Api, world: World) -> None:
    person = await world.person()
    await used_before(world, person.token, minutes=3)
    before = await stored_session(world, person.token)
    for _ in range(200):
        assert await _answers(stranger, person)
        noted = await stored_session(world, person.token)
        if noted.last_seen_at != before.last_seen_at:
            break
        await asyncio.sleep(0.05)
    assert noted.last_seen_at > before.last_seen_at
    await asyncio.sleep(1.2)
    assert await _answers(stranger, person)
    await asyncio.sleep(1.2)
    later = await stored_session(world, person.token)
    assert (later.last_seen_at - noted.last_seen_at).total_seconds() >= 1 or later == noted
    assert later.last_seen_at == noted.last_seen_at or later.last_seen_at.minute != noted.last_seen_at.minute


async def test_revoked_twice_at_once_it_is_revoked_once(stranger: Api, world: World) -> None:
    person = await world.person()
    for _ in range(5):
        id_, token = await give_session(world, person)
        attempts = await at_once(
            *[attempt(stranger, "sessionRevoke", person, sessionId=id_) for _ in range(3)]
        )
        assert sorted(found.code for found in attempts) == ["", "NOT_FOUND", "NOT_FOUND"]
        assert not await _answers(stranger, token)
    assert await _number(world, person) == 1


async def test_two_sessions_that_end_all_others_at_once_leave_one_at_most(
    stranger: Api, world: World
) -> None:
    query = "mutation { sessionRevokeOthers { revoked userErrors { code } } }"
    for _ in range(5):
        person = await world.person()
        tokens = [(await give_session(world, person))[1] for _ in range(2)]
        await at_once(*[stranger.ask(query, token) for token in tokens])
        assert await _number(world, person) <= 1
