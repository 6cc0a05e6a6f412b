"""Answering an invitation or a share with no, by the link alone."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers.tokens import TokenKind, generate
from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import last_event, mail_to
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, code_of, done
from tests.concurrency.outcomes import at_once
from tests.world.brand import PREVIEW as SHARE_PREVIEW
from tests.world.brand import brand_of, offer_of
from tests.world.world import Account, Member, World

_PREVIEW = "query ($token: String!) { invitation(token: $token) { roleName roleDescription permissions } }"
_STATUSES = "query ($id: ID!) { account(id: $id) { found: %s { nodes { status revokedAt } } } }"


async def invited(
    api: Api, world: World, database: AsyncEngine, account: Account, owner: Member
) -> tuple[str, str]:
    """The secret of an analyst's invitation, and the address that it went to."""
    email = (await world.person()).email
    role_id = ROLE_IDS[BuiltinRole.ANALYST]
    await done(
        api, "memberInvite", owner, accountId=account.id, email=email, roleId=role_id, idempotencyKey=email
    )
    return (await mail_to(database, email)).token, email


async def test_whoever_holds_the_link_declines_an_invitation(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """Nobody is signed in, and a suspended account keeps nobody from it."""
    parent = await world.account()
    account = await world.account(parent)
    owner = await world.member(account, BuiltinRole.OWNER)
    token, email = await invited(api, world, database, account, owner)
    assert await api.read(_PREVIEW, None, token=token) == {
        "invitation": {
            "roleName": "ANALYST",
            "roleDescription": BuiltinRole.ANALYST.value,
            "permissions": ["ACCOUNT_READ", "STATISTICS_READ"],
        }
    }
    above = await world.member(parent, BuiltinRole.OWNER)
    assert await code_of(api, "accountSuspend", above, accountId=account.id) == ""
    assert await done(api, "invitationDecline", None, "declined", token=token) == {
        "declined": True,
        "userErrors": [],
    }
    found = (await api.read(_STATUSES % "invitations", owner, id=account.id))["account"]["found"]["nodes"]
    assert [each["status"] for each in found] == ["DECLINED"]
    assert found[0]["revokedAt"] is not None
    event = await last_event(api, owner, account.id)
    assert (event["type"], event["actor"], event["before"]) == ("INVITATION_DECLINED", None, {"email": email})
    assert await api.read(_PREVIEW, None, token=token) == {"invitation": None}
    assert await code_of(api, "invitationDecline", None, token=token) == "INVITATION_REVOKED"
    assert await last_event(api, owner, account.id) == event


async def test_whoever_holds_the_link_declines_a_share(api: Api, world: World, database: AsyncEngine) -> None:
    brand = await brand_of(world)
    guest = await world.person()
    await done(api, "shareCreate", brand.owner, **offer_of([brand.us, brand.uk], guest))
    token = (await mail_to(database, guest.email)).token
    await done(api, "shareDecline", None, token=token)
    for account in (brand.us, brand.uk):
        found = (await api.read(_STATUSES % "shares", brand.owner, id=account.id))["account"]["found"][
            "nodes"
        ]
        assert [each["status"] for each in found] == ["DECLINED"]
        event = await last_event(api, brand.owner, account.id)
        assert (event["type"], event["before"]) == ("SHARE_DECLINED", {"email": guest.email})
    assert await api.read(SHARE_PREVIEW, None, token=token) == {"share": None}
    assert await code_of(api, "shareAccept", guest, token=token) == "SHARE_REVOKED"
    assert await code_of(api, "shareDecline", None, token=token) == "SHARE_REVOKED"


@pytest.mark.parametrize(
    ("mutation", "kind"),
    [("invitationDecline", TokenKind.INVITATION), ("shareDecline", TokenKind.SHARE)],
)
async def test_what_is_no_link_is_not_found(api: Api, mutation: str, kind: TokenKind) -> None:
    other = TokenKind.SHARE if kind is TokenKind.INVITATION else TokenKind.INVITATION
    for token in ("", "x", generate(kind), generate(other)):
        assert await code_of(api, mutation, None, token=token) == "NOT_FOUND"


async def test_what_was_accepted_is_not_declined(api: Api, world: World, database: AsyncEngine) -> None:
    """And of two answers at once one holds."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    for _ in range(4):
        person = await world.person()
        role_id = ROLE_IDS[BuiltinRole.ANALYST]
        offer = {"accountId": account.id, "email": person.email, "roleId": role_id}
        await done(api, "memberInvite", owner, **offer, idempotencyKey=person.email)
        token = (await mail_to(database, person.email)).token
        codes = await at_once(
            code_of(api, "invitationAccept", person, token=token),
            code_of(api, "invitationDecline", None, token=token),
        )
        assert codes in (["", "INVITATION_USED"], ["INVITATION_REVOKED", ""])
        query = "{ viewer { accounts { totalCount } } }"
        reached = (await api.read(query, person))["viewer"]["accounts"]["totalCount"]
        assert reached == (1 if codes[0] == "" else 0)
