"""Making subaccounts: complete accounts below another (R6, R29, R39, R53)."""

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from resolvers.invitations.mail_kinds import INVITATION
from tests.areas.effects.log import events_of, mail_to, mails_to
from tests.client.api import Api
from tests.client.mutations import Token, attempt, code_of, done
from tests.world.world import World

_MADE = (
    "replayed secret account { id name externalId kind status parent { id } master { id } version } "
    "apiKey { id name account { id } } invitation { id email status role { name } account { id } }"
)


async def test_a_subaccount_stands_below_its_parent(api: Api, world: World) -> None:
    parent = await world.account()
    owner = await world.member(parent, BuiltinRole.OWNER)
    made = await done(
        api,
        "subaccountCreate",
        owner,
        _MADE,
        parentId=parent.id,
        name="  Client A ",
        externalId="crm-1",
        idempotencyKey="1",
    )
    assert made["account"] == {
        "id": made["account"]["id"],
        "name": "Client A",
        "externalId": "crm-1",
        "kind": "SUBACCOUNT",
        "status": "ACTIVE",
        "parent": {"id": parent.id},
        "master": {"id": parent.id},
        "version": 1,
    }
    assert made["invitation"] is None
    assert made["replayed"] is False


async def test_its_first_key_works_and_reaches_nothing_else(api: Api, world: World) -> None:
    """R6, T3: the key of a subaccount is the subaccount's alone."""
    parent = await world.account()
    owner = await world.member(parent, BuiltinRole.OWNER)
    sibling = await world.account(parent)
    made = await done(
        api, "subaccountCreate", owner, _MADE, parentId=parent.id, name="Client", idempotencyKey="1"
    )
    account_id, key = made["account"]["id"], Token(made["secret"])
    assert made["apiKey"]["account"] == {"id": account_id}
    seen = await api.read(
        "query ($own: ID!, $parent: ID!, $sibling: ID!) { viewer { apiKey { id } accounts { totalCount "
        "nodes { id parent { id } ancestors { id } viewerCan(permission: SUBACCOUNTS_WRITE) } } } "
        "own: node(id: $own) { id } parent: node(id: $parent) { id } sibling: node(id: $sibling) { id } }",
        key,
        own=account_id,
        parent=parent.id,
        sibling=sibling.id,
    )
    own = {"id": account_id, "parent": None, "ancestors": [], "viewerCan": True}
    assert seen == {
        "viewer": {"apiKey": {"id": made["apiKey"]["id"]}, "accounts": {"totalCount": 1, "nodes": [own]}},
        "own": {"id": account_id},
        "parent": None,
        "sibling": None,
    }
    beside = {"parentId": parent.id, "name": "Beside", "idempotencyKey": "2"}
    assert await code_of(api, "subaccountCreate", key, **beside) == "NOT_FOUND"
    below = {"parentId": account_id, "name": "Below", "idempotencyKey": "3"}
    assert await code_of(api, "subaccountCreate", key, **below) == ""


async def test_its_owner_is_invited_and_uses_it_like_a_main_account(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """R39, R53: the end customer owns it, the parent still reaches it (R40)."""
    parent = await world.account(name="Agency")
    admin = await world.member(parent, BuiltinRole.ADMINISTRATOR)
    customer = await world.person()
    made = await done(
        api,
        "subaccountCreate",
        admin,
        _MADE,
        parentId=parent.id,
        name="Client",
        ownerEmail=customer.email,
        idempotencyKey="1",
    )
    account_id = made["account"]["id"]
    assert made["invitation"] == {
        "id": made["invitation"]["id"],
        "email": customer.email,
        "status": "PENDING",
        "role": {"name": "OWNER"},
        "account": {"id": account_id},
    }
    mail = await mail_to(database, customer.email)
    assert mail.subject == INVITATION.subject
    assert "Client" in mail.body
    await done(api, "invitationAccept", customer, token=mail.token)
    below = {"parentId": account_id, "name": "Branch", "idempotencyKey": "1"}
    branch = await done(api, "subaccountCreate", customer, _MADE, **below)
    query = "query ($id: ID!) { account(id: $id) { ancestors { id } } }"
    by_parent = await api.read(query, admin, id=branch["account"]["id"])
    by_customer = await api.read(query, customer, id=branch["account"]["id"])
    assert by_parent["account"]["ancestors"] == [{"id": parent.id}, {"id": account_id}]
    assert by_customer["account"]["ancestors"] == [{"id": account_id}]


async def test_its_log_begins_with_its_making(api: Api, world: World) -> None:
    parent = await world.account()
    owner = await world.member(parent, BuiltinRole.OWNER)
    made = await done(
        api,
        "subaccountCreate",
        owner,
        _MADE,
        parentId=parent.id,
        name="Client",
        ownerEmail="Customer@Example.com",
        idempotencyKey="1",
    )
    account_id = made["account"]["id"]
    common = {
        "actorName": owner.person.name,
        "actor": {"id": owner.person.id},
        "actingFrom": {"id": parent.id},
        "account": {"id": account_id},
        "before": None,
    }
    assert await events_of(api, owner, account_id) == [
        common
        | {
            "type": "MEMBER_INVITED",
            "subjectId": made["invitation"]["id"],
            "after": {"email": "Customer@Example.com", "role": "OWNER"},
        },
        common
        | {
            "type": "API_KEY_CREATED",
            "subjectId": made["apiKey"]["id"],
            "after": {"name": "First key", "role": "ADMINISTRATOR"},
        },
        common
        | {
            "type": "ACCOUNT_CREATED",
            "subjectId": account_id,
            "after": {"name": "Client", "parent": parent.id},
        },
    ]
    assert await events_of(api, owner, parent.id) == []


async def test_the_same_key_again_makes_nothing_new(api: Api, world: World, database: AsyncEngine) -> None:
    parent = await world.account()
    owner = await world.member(parent, BuiltinRole.OWNER)
    email = f"customer-{parent.key.hex}@example.com"
    wanted = {"parentId": parent.id, "name": "Client", "ownerEmail": email, "idempotencyKey": "k" * 200}
    first = await done(api, "subaccountCreate", owner, _MADE, **wanted)
    before = await world.state(parent)
    second = await done(api, "subaccountCreate", owner, _MADE, **wanted)
    assert second == first | {"secret": None, "replayed": True}
    assert await world.state(parent) == before
    assert len(await mails_to(database, email)) == 1


async def test_the_same_key_for_something_else_is_refused(api: Api, world: World) -> None:
    parent = await world.account()
    owner = await world.member(parent, BuiltinRole.OWNER)
    wanted = {"parentId": parent.id, "name": "Client", "externalId": "1", "idempotencyKey": "1"}
    await done(api, "subaccountCreate", owner, **wanted)
    before = await world.state(parent)
    for other in ({"name": "Other"}, {"externalId": "2"}, {"externalId": None}, {"ownerEmail": "a@b.co"}):
        refused = await attempt(api, "subaccountCreate", owner, **(wanted | other))
        assert refused.code == "IDEMPOTENCY_MISMATCH", other
        assert refused.user_error is not None
        assert refused.user_error["field"] == ["input", "idempotencyKey"]
    assert await world.state(parent) == before


async def test_a_key_belongs_to_who_used_it_and_where(api: Api, world: World) -> None:
    """T17: a key is not shared between accounts or people."""
    parent, other = await world.account(), await world.account()
    owner = await world.member(parent, BuiltinRole.OWNER)
    admin = await world.member(parent, BuiltinRole.ADMINISTRATOR)
    elsewhere = await world.member(other, BuiltinRole.ADMINISTRATOR, owner.person)
    same = {"name": "Client", "idempotencyKey": "1"}
    made = [
        await done(api, "subaccountCreate", owner, "replayed", parentId=parent.id, **same),
        await done(api, "subaccountCreate", admin, "replayed", parentId=parent.id, **same),
        await done(api, "subaccountCreate", elsewhere, "replayed", parentId=other.id, **same),
    ]
    assert [payload["replayed"] for payload in made] == [False, False, False]


async def test_an_external_id_is_unique_under_its_parent_alone(api: Api, world: World) -> None:
    parent = await world.account()
    owner = await world.member(parent, BuiltinRole.OWNER)
    cousin = await world.account(parent)
    wanted = {"name": "Client", "externalId": "crm-1"}
    await done(api, "subaccountCreate", owner, parentId=parent.id, **wanted, idempotencyKey="1")
    taken = await attempt(api, "subaccountCreate", owner, parentId=parent.id, **wanted, idempotencyKey="2")
    below = await code_of(api, "subaccountCreate", owner, parentId=cousin.id, **wanted, idempotencyKey="3")
    assert taken.code == "CONFLICT"
    assert taken.user_error is not None
    assert taken.user_error["field"] == ["input", "externalId"]
    assert below == ""
