"""Inviting, accepting and withdrawing (R32-R34)."""

import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from resolvers.invitations.mail_kinds import INVITATION
from tests.areas.effects.log import events_of, mail_to, mails_to
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.world.world import Account, Person, World

_INVITATION = (
    "replayed invitation { id email status role { name } invitedBy { id } account { id } createdAt expiresAt "
    "acceptedAt revokedAt memberExpiresAt }"
)
_PREVIEW = (
    "query ($token: String!) { invitation(token: $token) "
    "{ accountName inviterName roleName email expiresAt } }"
)


def _offer(account: Account, email: str, role: BuiltinRole = BuiltinRole.MARKETER) -> dict[str, str]:
    return {"accountId": account.id, "email": email, "roleId": ROLE_IDS[role], "idempotencyKey": email}


async def test_an_invitation_is_mailed_with_its_link(api: Api, world: World, database: AsyncEngine) -> None:
    account = await world.account(name="Agency")
    owner = await world.member(account, BuiltinRole.OWNER)
    invited = await world.person()
    made = (await done(api, "memberInvite", owner, _INVITATION, **_offer(account, invited.email)))[
        "invitation"
    ]
    mail = await mail_to(database, invited.email)
    assert mail.subject == INVITATION.subject
    assert f"“{owner.person.name}” invites you to the account “Agency”." in mail.body
    assert f"\nhttp://mandant.test/invitation#{mail.token}\n" in mail.body
    assert made == {
        "id": made["id"],
        "email": invited.email,
        "status": "PENDING",
        "role": {"name": "MARKETER"},
        "invitedBy": {"id": owner.person.id},
        "account": {"id": account.id},
        "createdAt": made["createdAt"],
        "expiresAt": made["expiresAt"],
        "acceptedAt": None,
        "revokedAt": None,
        "memberExpiresAt": None,
    }
    valid_for = datetime.datetime.fromisoformat(made["expiresAt"]) - datetime.datetime.fromisoformat(
        made["createdAt"]
    )
    assert valid_for == datetime.timedelta(days=7)


async def test_the_link_shows_what_is_offered_until_it_is_taken(
    api: Api, world: World, database: AsyncEngine
) -> None:
    account = await world.account(name="Agency")
    owner = await world.member(account, BuiltinRole.OWNER)
    invited = await world.person()
    made = await done(api, "memberInvite", owner, _INVITATION, **_offer(account, invited.email))
    token = (await mail_to(database, invited.email)).token
    shown = {
        "accountName": "Agency",
        "inviterName": owner.person.name,
        "roleName": "MARKETER",
        "email": invited.email,
        "expiresAt": made["invitation"]["expiresAt"],
    }
    assert (await api.read(_PREVIEW, None, token=token))["invitation"] == shown
    await done(api, "invitationAccept", invited, token=token)
    assert (await api.read(_PREVIEW, None, token=token))["invitation"] is None


async def test_before_it_is_accepted_there_is_no_access_and_then_exactly_what_was_offered(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """R33, R34."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    invited = await world.person()
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=90)
    offer = _offer(account, invited.email) | {"expiresAt": end.isoformat()}
    await done(api, "memberInvite", owner, **offer)
    reach = "{ viewer { accounts { nodes { id viewerPermissions } } } }"
    assert await api.read(reach, invited) == {"viewer": {"accounts": {"nodes": []}}}
    token = (await mail_to(database, invited.email)).token
    joined = await done(
        api, "invitationAccept", invited, "member { id role { name permissions } expiresAt }", token=token
    )
    permissions = joined["member"]["role"]["permissions"]
    assert datetime.datetime.fromisoformat(joined["member"]["expiresAt"]) == end
    assert await api.read(reach, invited) == {
        "viewer": {"accounts": {"nodes": [{"id": account.id, "viewerPermissions": permissions}]}}
    }
    joined_event, invited_event = await events_of(api, owner, account.id)
    assert (invited_event["type"], invited_event["after"]) == (
        "MEMBER_INVITED",
        {"email": invited.email, "role": "MARKETER"},
    )
    assert (joined_event["type"], joined_event["subjectId"], joined_event["after"]) == (
        "MEMBER_JOINED",
        joined["member"]["id"],
        {"user": invited.id, "role": "MARKETER"},
    )
    assert joined_event["actor"] == {"id": invited.id}
    assert await code_of(api, "invitationAccept", invited, token=token) == "INVITATION_USED"


async def test_a_new_invitation_takes_the_place_of_the_open_one(
    api: Api, world: World, database: AsyncEngine
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    invited = await world.person()
    offer = _offer(account, invited.email)
    await done(api, "memberInvite", owner, **offer)
    await done(api, "memberInvite", owner, **(offer | {"idempotencyKey": "again"}))
    old, new = await mails_to(database, invited.email)
    assert old.token != new.token
    assert await code_of(api, "invitationAccept", invited, token=old.token) == "INVITATION_REVOKED"
    assert await code_of(api, "invitationAccept", invited, token=new.token) == ""
    states = await _states(api, owner.person, account)
    assert states == ["ACCEPTED", "REVOKED"]


async def test_a_withdrawn_invitation_leads_nowhere(api: Api, world: World, database: AsyncEngine) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    invited = await world.person()
    made = await done(api, "memberInvite", owner, _INVITATION, **_offer(account, invited.email))
    invitation_id = made["invitation"]["id"]
    token = (await mail_to(database, invited.email)).token
    revoked = await done(api, "invitationRevoke", owner, _INVITATION, invitationId=invitation_id)
    assert revoked["invitation"]["status"] == "REVOKED"
    event = (await events_of(api, owner, account.id))[0]
    assert (event["type"], event["subjectId"], event["before"]) == (
        "INVITATION_REVOKED",
        invitation_id,
        {"email": invited.email},
    )
    before = await world.state(account)
    await done(api, "invitationRevoke", owner, invitationId=invitation_id)
    assert await code_of(api, "invitationAccept", invited, token=token) == "INVITATION_REVOKED"
    assert (await api.read(_PREVIEW, None, token=token))["invitation"] is None
    assert await world.state(account) == before


async def test_an_accepted_invitation_cannot_be_withdrawn(
    api: Api, world: World, database: AsyncEngine
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    invited = await world.person()
    made = await done(api, "memberInvite", owner, _INVITATION, **_offer(account, invited.email))
    await done(api, "invitationAccept", invited, token=(await mail_to(database, invited.email)).token)
    refused = await attempt(api, "invitationRevoke", owner, invitationId=made["invitation"]["id"])
    assert refused.code == "INVITATION_USED"


async def test_a_program_invites_in_the_name_of_its_account(
    api: Api, world: World, database: AsyncEngine
) -> None:
    account = await world.account(name="Agency")
    key = await world.api_key(account)
    email = f"guest-{account.key.hex}@example.com"
    made = await done(api, "memberInvite", key, _INVITATION, **_offer(account, email))
    assert made["invitation"]["invitedBy"] is None
    mail = await mail_to(database, email)
    assert "“Agency” invites you to the account “Agency”." in mail.body
    assert await code_of(api, "invitationAccept", key, token=mail.token) == "PERSON_REQUIRED"


async def _states(api: Api, caller: Person, account: Account) -> list[str]:
    query = "query ($id: ID!) { account(id: $id) { invitations { nodes { status } } } }"
    found = await api.read(query, caller, id=account.id)
    return [invitation["status"] for invitation in found["account"]["invitations"]["nodes"]]
