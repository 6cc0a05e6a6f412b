"""Whoever brings an earlier address back has lost nothing but the time, and a thief keeps nothing."""

import datetime
from dataclasses import dataclass
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.people.mailbox_links import mailbox_links
from models.second_factor.tables import recovery_codes, totp_secrets
from tests.areas.effects.log import events_of, mail_to, mails_to
from tests.areas.people.squatters import OTHER_PASSWORD
from tests.areas.second_factor.steps import factor_of, set_up_app
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, Token, attempt, code_of, done
from tests.world.world import PASSWORD, Member, World

_SEEN = "query ($id: ID!) { node(id: $id) { id } }"


@dataclass(frozen=True)
class Scene:
    """Two accounts of different trees that the person is in."""

    api: Api
    world: World
    database: AsyncEngine
    owner: Member
    other: Member

    async def change(self) -> str:
        """The thief changes the address. The secret that leads back."""
        email = f"thief-{uuid4().hex}@example.com"
        await done(self.api, "emailChange", self.owner, email=email, password=PASSWORD)
        token = (await mail_to(self.database, email)).token
        await done(self.api, "emailVerify", self.owner, token=token)
        return await self.link_to_owner()

    async def link_to_owner(self) -> str:
        """The secret of the only link that was mailed to the person; of factors there is none."""
        mails = await mails_to(self.database, self.owner.person.email)
        (token,) = (mail.token for mail in mails if "#" in mail.body)
        return token

    async def back(self, token: str) -> str:
        """The person brings it back. The code of the refusal; empty: it is done."""
        return await code_of(self.api, "passwordReset", None, token=token, newPassword=OTHER_PASSWORD)

    async def key(self, member: Member) -> tuple[str, Token]:
        """A new key that works until it is revoked: its id, and its secret."""
        given = {"accountId": member.account.id, "name": "Nightly", "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
        made = await done(self.api, "apiKeyCreate", member, "secret apiKey { id }", **given)
        return made["apiKey"]["id"], Token(made["secret"])

    async def works(self, caller: Caller, member: Member) -> bool:
        """Whether it is let into the member's account."""
        return not (await self.api.ask(_SEEN, caller, id=member.account.id)).codes


@pytest.fixture
async def scene(stranger: Api, world: World, database: AsyncEngine) -> Scene:
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    other = await world.member(await world.account(), BuiltinRole.ADMINISTRATOR, owner.person)
    return Scene(stranger, world, database, owner, other)


async def test_factors_of_a_thief_go(scene: Scene) -> None:
    person = scene.owner.person
    token = await scene.change()
    _, codes = await set_up_app(scene.api, person)
    assert len(codes) == 10
    assert await scene.back(token) == ""
    given = {"email": person.email, "password": OTHER_PASSWORD}
    made = await attempt(scene.api, "signIn", None, "token challengeToken", **given)
    assert made.payload["challengeToken"] is None
    factor = await factor_of(scene.api, Token(made.payload["token"]))
    assert (factor["totp"], factor["passkeys"], factor["recoveryCodesLeft"]) == (False, [], 0)


async def test_factors_from_before_stay_and_keep_a_finder_of_the_mailbox_out(scene: Scene) -> None:
    person = scene.owner.person
    await set_up_app(scene.api, person)
    await _made_earlier(scene, datetime.timedelta(hours=25))
    token = await scene.change()
    await done(scene.api, "recoveryCodesRenew", scene.owner, "recoveryCodes", password=PASSWORD)
    assert await scene.back(token) == ""
    given = {"email": person.email, "password": OTHER_PASSWORD}
    made = await attempt(scene.api, "signIn", None, "token challengeToken secondFactors", **given)
    assert (made.payload["token"], made.payload["secondFactors"][:1]) == (None, ["TOTP"])
    async with scene.database.connect() as connection:
        left = select(func.count()).where(recovery_codes.c.user_id == person.key)
        assert (await connection.execute(left)).scalar_one() == 0


async def test_a_factor_from_the_day_before_goes(scene: Scene) -> None:
    """A thief may have set it up first, to keep the person out; it would be asked for a code of it."""
    person = scene.owner.person
    await set_up_app(scene.api, person)
    await _made_earlier(scene, datetime.timedelta(hours=23))
    _, key = await scene.key(scene.other)
    assert await scene.back(await scene.change()) == ""
    given = {"email": person.email, "password": OTHER_PASSWORD}
    made = await attempt(scene.api, "signIn", None, "token challengeToken", **given)
    factor = await factor_of(scene.api, Token(made.payload["token"]))
    assert (factor["totp"], factor["recoveryCodesLeft"]) == (False, 0)
    assert not await scene.works(key, scene.other)


async def _made_earlier(scene: Scene, ago: datetime.timedelta) -> None:
    """The owner's app and its recovery codes."""
    async with scene.database.begin() as connection:
        for table, column in ((totp_secrets, "confirmed_at"), (recovery_codes, "created_at")):
            earlier = update(table).where(table.c.user_id == scene.owner.person.key)
            await connection.execute(earlier.values({column: func.now() - ago}))


async def test_keys_that_were_made_or_rotated_since_end_in_all_trees(scene: Scene) -> None:
    _, before = await scene.key(scene.owner)
    rotated_id, _ = await scene.key(scene.other)
    foreign = await scene.world.api_key(scene.owner.account)
    async with scene.database.begin() as connection:
        older = "UPDATE api_keys SET created_at = created_at - interval '25 hours'"
        await connection.exec_driver_sql(older)
    token = await scene.change()
    made_here, here = await scene.key(scene.owner)
    made_there, there = await scene.key(scene.other)
    values = {"apiKeyId": rotated_id}
    secret = (await done(scene.api, "apiKeyRotate", scene.other, "secret", **values))["secret"]
    assert await scene.back(token) == ""
    assert await scene.works(before, scene.owner)
    assert await scene.works(foreign, scene.owner)
    assert not await scene.works(here, scene.owner)
    assert not await scene.works(there, scene.other)
    assert not await scene.works(Token(secret), scene.other)
    for member, gone in ((scene.owner, {made_here}), (scene.other, {made_there, rotated_id})):
        reader = await scene.world.member(member.account, BuiltinRole.OWNER)
        events = await events_of(scene.api, reader, member.account.id, "API_KEY_REVOKED")
        assert {event["subjectId"] for event in events} == gone
        assert {event["actorName"] for event in events} == {scene.owner.person.name}


async def test_a_common_new_password_ends_neither(scene: Scene) -> None:
    """Only a link that leads back to an earlier address does."""
    person = scene.owner.person
    _, key = await scene.key(scene.owner)
    await set_up_app(scene.api, person)
    await done(scene.api, "passwordResetRequest", None, email=person.email)
    assert await scene.back(await scene.link_to_owner()) == ""
    assert await scene.works(key, scene.owner)
    given = {"email": person.email, "password": OTHER_PASSWORD}
    made = await attempt(scene.api, "signIn", None, "token", **given)
    assert made.payload["token"] is None


async def test_a_late_link_ends_nothing(scene: Scene) -> None:
    token = await scene.change()
    _, key = await scene.key(scene.owner)
    async with scene.database.begin() as connection:
        mine = update(mailbox_links).where(mailbox_links.c.user_id == scene.owner.person.key)
        await connection.execute(mine.values(expires_at=func.now()))
    state = await scene.world.state(scene.owner.account)
    assert await scene.back(token) == "LINK_NOT_VALID"
    assert await scene.world.state(scene.owner.account) == state
    assert await scene.works(key, scene.owner)
