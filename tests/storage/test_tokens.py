"""Secrets in the database: digests alone."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers.tokens import digest_of
from authz.policy.builtin_roles import BuiltinRole
from models.api_keys.tables import api_keys
from models.invitations.tables import invitations
from models.people.sessions import sessions
from tests.areas.effects.log import mails_to
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, done
from tests.world.world import PASSWORD, World


async def test_only_digests_are_stored(api: Api, world: World, database: AsyncEngine) -> None:
    """Of keys, sessions and invitations; an invitation's secret stands in its mail alone."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    invited = await world.person()
    role_id = ROLE_IDS[BuiltinRole.ANALYST]
    key = await done(api, "apiKeyCreate", owner, "secret", accountId=account.id, name="Key", roleId=role_id)
    session = await done(api, "signIn", None, "token", email=invited.email, password=PASSWORD)
    offer = {"accountId": account.id, "email": invited.email, "roleId": role_id, "idempotencyKey": "1"}
    await done(api, "memberInvite", owner, **offer)
    secrets = [
        (api_keys, key["secret"]),
        (sessions, session["token"]),
        (invitations, (await mails_to(database, invited.email))[-1].token),
    ]
    async with database.connect() as connection:
        for table, secret in secrets:
            rows = (await connection.execute(select(table))).all()
            assert any(digest_of(secret) in row for row in rows)
            assert secret not in str(rows)
