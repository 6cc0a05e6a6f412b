"""Subaccounts that are made at once: one for one key, one for one external id."""

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import mails_to
from tests.client.api import Api, Caller
from tests.client.mutations import attempt, code_of, done
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.world import Account, World


async def _children(api: Api, caller: Caller, account: Account) -> list[str]:
    query = "query ($id: ID!) { account(id: $id) { subaccounts { nodes { externalId } } } }"
    found = await api.read(query, caller, id=account.id)
    return [node["externalId"] for node in found["account"]["subaccounts"]["nodes"]]


async def test_one_key_makes_one_subaccount(api: Api, world: World, database: AsyncEngine) -> None:
    """T17: one account, one secret, one mail."""
    for _ in range(ROUNDS):
        parent = await world.account()
        owner = await world.member(parent, BuiltinRole.OWNER)
        email = f"customer-{parent.key.hex}@example.com"
        wanted = {"parentId": parent.id, "name": "Client", "ownerEmail": email, "idempotencyKey": "1"}
        selection = "replayed secret account { id } apiKey { id } invitation { id }"
        payloads = await at_once(
            *[done(api, "subaccountCreate", owner, selection, **wanted) for _ in range(3)]
        )
        assert sorted(payload["replayed"] for payload in payloads) == [False, True, True]
        assert [payload["secret"] is None for payload in payloads] == [
            payload["replayed"] for payload in payloads
        ]
        for kind in ("account", "apiKey", "invitation"):
            assert len({payload[kind]["id"] for payload in payloads}) == 1
        assert len(await _children(api, owner, parent)) == 1
        assert len(await mails_to(database, email)) == 1


async def test_one_external_id_is_given_once(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        parent = await world.account()
        owner = await world.member(parent, BuiltinRole.OWNER)
        admin = await world.member(parent, BuiltinRole.ADMINISTRATOR)
        wanted = {"parentId": parent.id, "name": "Client", "externalId": "crm-1"}
        codes = await at_once(
            *[
                code_of(api, "subaccountCreate", caller, **wanted, idempotencyKey=key)
                for caller in (owner, admin)
                for key in ("1", "2")
            ]
        )
        assert sorted(codes) == ["", "CONFLICT", "CONFLICT", "CONFLICT"]
        assert await _children(api, owner, parent) == ["crm-1"]


async def test_two_siblings_want_one_external_id(api: Api, world: World) -> None:
    """Each locks itself alone: the database's own constraint decides, and it is told as a conflict."""
    for _ in range(ROUNDS):
        parent = await world.account()
        owner = await world.member(parent, BuiltinRole.OWNER)
        siblings = [await world.account(parent) for _ in range(3)]
        attempts = await at_once(
            *[
                attempt(
                    api,
                    "accountUpdate",
                    owner,
                    "account { version }",
                    accountId=sibling.id,
                    expectedVersion=1,
                    externalId="crm-1",
                )
                for sibling in siblings
            ]
        )
        assert sorted(found.code for found in attempts) == ["", "CONFLICT", "CONFLICT"]
        assert sorted(await _children(api, owner, parent), key=str) == [None, None, "crm-1"]


async def test_a_closed_account_gives_its_external_id_to_one(api: Api, world: World) -> None:
    """Whoever comes before it is closed is refused; of those that come after, one gets it."""
    for _ in range(ROUNDS):
        parent = await world.account()
        owner = await world.member(parent, BuiltinRole.OWNER)
        wanted = {"parentId": parent.id, "name": "Client", "externalId": "crm-1"}
        made = await done(api, "subaccountCreate", owner, "account { id }", **wanted, idempotencyKey="0")
        sibling = await world.account(parent)
        change = {"accountId": sibling.id, "expectedVersion": 1, "externalId": "crm-1"}
        closed, *others = await at_once(
            code_of(api, "accountClose", owner, accountId=made["account"]["id"]),
            code_of(api, "subaccountCreate", owner, **wanted, idempotencyKey="1"),
            code_of(api, "subaccountCreate", owner, **wanted, idempotencyKey="2"),
            code_of(api, "accountUpdate", owner, **change),
        )
        assert closed == ""
        assert sorted(others) in (["", "CONFLICT", "CONFLICT"], ["CONFLICT"] * 3)
        given = [found for found in await _children(api, owner, parent) if found is not None]
        assert len(given) == 1 + others.count(""), "the closed one keeps its own"
