"""Who sees people: names and addresses are for those who may see an account's members (T31)."""

from graphql import GraphQLObjectType, get_named_type

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_of
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.authz.rules.invitation_links import role_id
from tests.client.api import Api
from tests.client.links import break_glass
from tests.client.schema import SCHEMA
from tests.world.shares import Given, give_share
from tests.world.world import World

WAYS = {
    "AccessEntry.user": "an entry of a person, listed only to who may see the members there",
    "AccessGranters.people": "who could grant something, null but for who may see the members there",
    "ApiKey.createdBy": "an API key's creator, for whom API_KEYS_READ is enough to see the key",
    "ApiKey.adoptedBy": "who answers for it in its creator's place, likewise",
    "BreakGlassOpening.user": "who opened the account, for whom AUDIT_READ is enough to see the opening",
    "Campaign.createdBy": "who made it, for whom CAMPAIGNS_READ is enough to see the campaign",
    "Campaign.sentBy": "who had it sent, likewise",
    "Webhook.createdBy": "who made it, for whom WEBHOOKS_READ is enough to see the webhook",
    "Campaign.approvedBy": "who approved it, likewise",
    "Event.actor": "who made a change, for whom AUDIT_READ is enough to see the event",
    "Invitation.invitedBy": "marked with MEMBERS_READ as a whole",
    "Member.user": "marked with MEMBERS_READ as a whole",
    "AccessPromise.madeBy": "marked with MEMBERS_READ as a whole",
    "AccessReview.startedBy": "marked with MEMBERS_READ as a whole",
    "AccessReviewItem.user": "marked with MEMBERS_READ as a whole",
    "AccessReviewItem.decidedBy": "marked with MEMBERS_READ as a whole",
    "NarrowedToken.user": "oneself",
    "Share.sharedBy": "who gave it, whom its guest knows by name alone",
    "Share.user": "who was given it: oneself, or for who may see the members of one of its accounts",
    "Viewer.user": "oneself",
    "PersonPayload.user": "oneself",
    "SignInPayload.user": "oneself",
    "SignUpPayload.user": "oneself",
}
"""The fields that lead to a person."""


def test_every_way_to_a_person_is_known() -> None:
    """A new one is thought through, and tested below."""
    found = {
        f"{type_.name}.{name}"
        for type_ in SCHEMA.type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items()
        if get_named_type(field.type).name == "User"
    }
    assert found == set(WAYS)


async def test_a_developer_does_not_see_who_made_or_adopted_a_key(api: Api, world: World) -> None:
    """`User`: seen by those who may see the members of an account that the person belongs to."""
    account = await world.account()
    creator = await world.member(account, BuiltinRole.ADMINISTRATOR)
    developer = await world.member(account, BuiltinRole.DEVELOPER)
    values = {"accountId": account.id, "name": "Robot", "roleId": role_id(BuiltinRole.DEVELOPER)}
    assert outcome(await mutate(api, "apiKeyCreate", creator, values), "apiKeyCreate") == DONE
    adopter = await world.member(account, BuiltinRole.ADMINISTRATOR)
    query = """query ($id: ID!) { account(id: $id) {
      viewerCan(permission: MEMBERS_READ)
      apiKeys { nodes { id name createdBy { email } adoptedBy { email } } }
    } }"""
    (seen,) = (await api.ask(query, creator, id=account.id)).data["account"]["apiKeys"]["nodes"]
    key = {"id": seen["id"], "name": "Robot"}
    assert seen == key | {"createdBy": {"email": creator.person.email}, "adoptedBy": None}
    assert outcome(await mutate(api, "apiKeyAdopt", adopter, {"apiKeyId": seen["id"]}), "apiKeyAdopt") == DONE
    (seen,) = (await api.ask(query, creator, id=account.id)).data["account"]["apiKeys"]["nodes"]
    assert seen["adoptedBy"] == {"email": adopter.person.email}
    answer = (await api.ask(query, developer, id=account.id)).data["account"]
    assert answer["viewerCan"] is False
    assert answer["apiKeys"]["nodes"] == [key | {"createdBy": None, "adoptedBy": None}]


async def test_a_log_reader_does_not_see_who_made_a_change(api: Api, world: World) -> None:
    """As above, with a key that may read the log and nothing of the members."""
    account = await world.account()
    actor = await world.member(account, BuiltinRole.ADMINISTRATOR)
    values = {"accountId": account.id, "expectedVersion": 1, "name": "Renamed"}
    assert outcome(await mutate(api, "accountUpdate", actor, values), "accountUpdate") == DONE
    scopes = mask_of(frozenset({Permission.ACCOUNT_READ, Permission.AUDIT_READ}))
    reader = await world.api_key(account, scopes=scopes)
    query = "query ($id: ID!) { account(id: $id) { events { nodes { type actor { email } } } } }"
    (seen,) = (await api.ask(query, actor, id=account.id)).data["account"]["events"]["nodes"]
    assert seen == {"type": "ACCOUNT_UPDATED", "actor": {"email": actor.person.email}}
    (seen,) = (await api.ask(query, reader, id=account.id)).data["account"]["events"]["nodes"]
    assert seen == {"type": "ACCOUNT_UPDATED", "actor": None}


async def test_a_log_reader_does_not_see_who_broke_the_glass(api: Api, world: World) -> None:
    """As above: who opened the account is told by name alone."""
    master = await world.account()
    account = await world.account(master)
    opener = (await world.member(master, BuiltinRole.ADMINISTRATOR)).person
    await break_glass(world, account, opener)
    scopes = mask_of(frozenset({Permission.ACCOUNT_READ, Permission.AUDIT_READ}))
    manager, reader = await world.api_key(account), await world.api_key(account, scopes=scopes)
    query = (
        "query ($id: ID!) { account(id: $id) { breakGlassOpenings { nodes { userName user { email } } } } }"
    )
    for caller, known in ((manager, {"email": opener.email}), (reader, None)):
        (seen,) = (await api.read(query, caller, id=account.id))["account"]["breakGlassOpenings"]["nodes"]
        assert seen == {"userName": opener.name, "user": known}


async def test_a_guest_knows_who_shares_by_name_alone(api: Api, world: World) -> None:
    """R21: nobody of the account is opened with it, but to a guest who may see its members."""
    account = await world.account()
    giver = await world.member(account, BuiltinRole.OWNER)
    guests = [await world.person(), await world.person()]
    for guest, role in zip(guests, (BuiltinRole.ANALYST, BuiltinRole.ADMINISTRATOR), strict=True):
        await give_share(world, [account], guest, giver.person, Given(role))
    query = "{ viewer { shares { nodes { sharedByName sharedBy { email } user { email } } } } }"
    for guest, known in zip(guests, (None, {"email": giver.person.email}), strict=True):
        (seen,) = (await api.read(query, guest))["viewer"]["shares"]["nodes"]
        assert seen == {
            "sharedByName": giver.person.name,
            "sharedBy": known,
            "user": {"email": guest.email},
        }
