"""What an account that requires a second factor asks of narrowed tokens, API keys and single sign-on."""

import pytest
from sqlalchemy import update

from authz.callers.tokens import digest_of
from authz.policy.builtin_roles import BuiltinRole
from models.people.sessions import sessions
from tests.areas.narrowed_tokens.narrowing import narrowed
from tests.areas.second_factor.requiring import prove_factor, require_factor
from tests.client.api import Api, Caller
from tests.world.world import Account, World

_PATHS = pytest.mark.parametrize(
    "extra", ["", "__schema { queryType { name } }"], ids=["compiled", "reference"]
)


async def _sees(api: Api, caller: Caller, account: Account, extra: str) -> bool:
    query = f"query ($id: ID!) {{ account(id: $id) {{ name }} {extra} }}"
    return (await api.ask(query, caller, id=account.id)).data["account"] is not None


@_PATHS
async def test_a_narrowed_token_has_proved_what_its_session_has(api: Api, world: World, extra: str) -> None:
    member = await world.member(await world.account(), BuiltinRole.ADMINISTRATOR)
    token = await narrowed(api, member, [member.account], ["ACCOUNT_READ"])
    assert await _sees(api, token, member.account, extra)
    await require_factor(world, member.account)
    assert not await _sees(api, token, member.account, extra)
    await prove_factor(world, member.token)
    assert await _sees(api, token, member.account, extra)


@_PATHS
async def test_a_narrowed_token_of_a_key_is_not_concerned(api: Api, world: World, extra: str) -> None:
    account = await world.account()
    token = await narrowed(api, await world.api_key(account), [account], ["ACCOUNT_READ"])
    await require_factor(world, account)
    assert await _sees(api, token, account, extra)


@_PATHS
async def test_single_sign_on_is_enough_in_its_own_tree(api: Api, world: World, extra: str) -> None:
    own = await world.member(await world.account(), BuiltinRole.ADMINISTRATOR)
    other = await world.member(await world.account(), BuiltinRole.ADMINISTRATOR, own.person)
    for account in (own.account, other.account):
        await require_factor(world, account)
    async with world.database.begin() as connection:
        opened = update(sessions).where(sessions.c.digest == digest_of(own.token))
        named = {"sign_on_master_id": own.account.master, "sign_on_subject": "ann"}
        await connection.execute(opened.values(named))
    assert await _sees(api, own, own.account, extra)
    assert not await _sees(api, own, other.account, extra)
