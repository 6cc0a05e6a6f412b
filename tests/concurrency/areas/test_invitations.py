"""Invitations that are sent, accepted and withdrawn at once: each has one outcome."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import events_of, mail_to, mails_to
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.world import Account, World


def _offer(account: Account, email: str, key: str = "1") -> dict[str, str]:
    role_id = ROLE_IDS[BuiltinRole.ANALYST]
    return {"accountId": account.id, "email": email, "roleId": role_id, "idempotencyKey": key}


async def _lists(api: Api, caller: Caller, account: Account) -> Any:
    query = (
        "query ($id: ID!) { account(id: $id) "
        "{ invitations { nodes { status } } members { nodes { user { id } } } } }"
    )
    return (await api.read(query, caller, id=account.id))["account"]


async def test_two_acceptances_make_one_member(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        invited = await world.person()
        await done(api, "memberInvite", owner, **_offer(account, invited.email))
        token = (await mail_to(database, invited.email)).token
        codes = await at_once(*[code_of(api, "invitationAccept", invited, token=token) for _ in range(3)])
        assert sorted(codes) == ["", "INVITATION_USED", "INVITATION_USED"]
        members = (await _lists(api, owner, account))["members"]["nodes"]
        assert [member["user"]["id"] for member in members] == [owner.person.id, invited.id]
        assert len(await events_of(api, owner, account.id, "MEMBER_JOINED")) == 1


async def test_an_invitation_is_accepted_or_withdrawn(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        invited = await world.person()
        made = await done(api, "memberInvite", owner, "invitation { id }", **_offer(account, invited.email))
        token = (await mail_to(database, invited.email)).token
        codes = await at_once(
            code_of(api, "invitationAccept", invited, token=token),
            code_of(api, "invitationRevoke", owner, invitationId=made["invitation"]["id"]),
        )
        found = await _lists(api, owner, account)
        status = found["invitations"]["nodes"][0]["status"]
        outcome = (codes, status, len(found["members"]["nodes"]))
        assert outcome in (
            (["", "INVITATION_USED"], "ACCEPTED", 2),
            (["INVITATION_REVOKED", ""], "REVOKED", 1),
        )


async def test_one_key_sends_one_mail(api: Api, world: World, database: AsyncEngine) -> None:
    """T17."""
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        email = f"guest-{account.key.hex}@example.com"
        selection = "replayed invitation { id }"
        payloads = await at_once(
            *[done(api, "memberInvite", owner, selection, **_offer(account, email)) for _ in range(3)]
        )
        assert sorted(payload["replayed"] for payload in payloads) == [False, True, True]
        assert len({payload["invitation"]["id"] for payload in payloads}) == 1
        assert len(await mails_to(database, email)) == 1
        assert (await _lists(api, owner, account))["invitations"]["nodes"] == [{"status": "PENDING"}]


async def test_one_key_for_two_things_does_one_of_them(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        emails = [f"guest{n}-{account.key.hex}@example.com" for n in range(2)]
        attempts = await at_once(
            *[attempt(api, "memberInvite", owner, **_offer(account, email)) for email in emails],
            attempt(api, "subaccountCreate", owner, parentId=account.id, name="A", idempotencyKey="1"),
        )
        assert sorted(found.code for found in attempts) == [
            "",
            "IDEMPOTENCY_MISMATCH",
            "IDEMPOTENCY_MISMATCH",
        ]
        sent = [len(await mails_to(database, email)) for email in emails]
        assert sent == [int(found.done) for found in attempts[:2]]


async def test_two_offers_to_one_address_leave_one_open(
    api: Api, world: World, database: AsyncEngine
) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        admin = await world.member(account, BuiltinRole.ADMINISTRATOR)
        invited = await world.person()
        codes = await at_once(
            code_of(api, "memberInvite", owner, **_offer(account, invited.email)),
            code_of(api, "memberInvite", admin, **_offer(account, f" {invited.email.upper()}")),
        )
        assert codes == ["", ""]
        found = (await _lists(api, owner, account))["invitations"]["nodes"]
        assert sorted(node["status"] for node in found) == ["PENDING", "REVOKED"]
