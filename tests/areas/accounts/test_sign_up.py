"""Signing up: a person with a master account and its first key (R2, R46), or one that was invited."""

from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import events_of, mail_to
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, Token, code_of, done
from tests.world.world import PASSWORD, World

_MADE = (
    "token expiresAt secret user { id name email } account { id name kind status } "
    "apiKey { id name lastFour }"
)


def _address() -> str:
    return f"new-{uuid4().hex}@example.com"


async def test_a_person_gets_a_master_account_and_is_its_owner(stranger: Api) -> None:
    email = _address()
    made = await done(
        stranger, "signUp", None, _MADE, name="Anna", email=email, password=PASSWORD, accountName="Agency"
    )
    person = Token(made["token"])
    assert made["user"]["name"] == "Anna"
    assert made["user"]["email"] == email
    assert made["account"] == {
        "id": made["account"]["id"],
        "name": "Agency",
        "kind": "MASTER",
        "status": "ACTIVE",
    }
    seen = await stranger.read(
        "{ viewer { user { email } accounts { nodes { id members { nodes { user { email } role { name } "
        "relation } } } } } }",
        person,
    )
    member = {"user": {"email": email}, "role": {"name": "OWNER"}, "relation": "MEMBER"}
    assert seen["viewer"] == {
        "user": {"email": email},
        "accounts": {"nodes": [{"id": made["account"]["id"], "members": {"nodes": [member]}}]},
    }


async def test_the_first_key_works_at_once(stranger: Api) -> None:
    """R2: creating an account assigns it an API key."""
    made = await done(
        stranger, "signUp", None, _MADE, name="A", email=_address(), password=PASSWORD, accountName="B"
    )
    key = Token(made["secret"])
    query = "{ viewer { user { id } apiKey { id createdBy { name } } accounts { nodes { id } } } }"
    viewer = (await stranger.read(query, key))["viewer"]
    assert viewer == {
        "user": None,
        "apiKey": {"id": made["apiKey"]["id"], "createdBy": {"name": "A"}},
        "accounts": {"nodes": [{"id": made["account"]["id"]}]},
    }
    assert made["secret"].startswith("mdt_live_")
    assert made["secret"].endswith(made["apiKey"]["lastFour"])
    sub = await done(
        stranger,
        "subaccountCreate",
        key,
        "account { parent { id } }",
        parentId=made["account"]["id"],
        name="Made by the key",
        idempotencyKey="1",
    )
    assert sub["account"]["parent"]["id"] == made["account"]["id"]


async def test_each_key_is_different(stranger: Api) -> None:
    """R3."""
    secrets = {
        (
            await done(
                stranger,
                "signUp",
                None,
                "secret",
                name="A",
                email=_address(),
                password=PASSWORD,
                accountName="B",
            )
        )["secret"]
        for _ in range(2)
    }
    assert len(secrets) == 2


async def test_the_log_begins_with_the_account_and_its_key(stranger: Api) -> None:
    made = await done(
        stranger, "signUp", None, _MADE, name="Anna", email=_address(), password=PASSWORD, accountName="B"
    )
    account_id = made["account"]["id"]
    common = {
        "actorName": "Anna",
        "actor": {"id": made["user"]["id"]},
        "actingFrom": {"id": account_id},
        "account": {"id": account_id},
        "before": None,
    }
    assert await events_of(stranger, Token(made["token"]), account_id) == [
        common
        | {
            "type": "API_KEY_CREATED",
            "subjectId": made["apiKey"]["id"],
            "after": {"name": "First key", "role": "ADMINISTRATOR"},
        },
        common | {"type": "ACCOUNT_CREATED", "subjectId": account_id, "after": {"name": "B"}},
    ]


async def test_a_registered_person_gets_an_account_by_the_same_password_alone(
    stranger: Api, world: World
) -> None:
    person = await world.person()
    wanted = {"name": "Another name", "email": person.email.upper(), "accountName": "Mine"}
    other = await done(stranger, "signUp", None, _MADE, **wanted, password="another password")
    made = await done(stranger, "signUp", None, _MADE, **wanted, password=PASSWORD)
    again = await code_of(stranger, "signUp", None, **wanted, password=PASSWORD)
    assert other["user"]["id"] != person.id
    assert made["user"] == {"id": person.id, "name": person.name, "email": person.email}
    assert again == "ALREADY_OWNS_ACCOUNT"


async def test_an_invited_person_signs_up_and_joins_without_an_account_of_its_own(
    stranger: Api, world: World, database: AsyncEngine
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    email = _address()
    await done(
        stranger,
        "memberInvite",
        owner,
        accountId=account.id,
        email=email,
        roleId=ROLE_IDS[BuiltinRole.FINANCE],
        idempotencyKey="1",
    )
    token = (await mail_to(database, email)).token
    made = await done(
        stranger, "signUp", None, _MADE, name="Ben", email=email, password=PASSWORD, invitationToken=token
    )
    assert made["account"]["id"] == account.id
    assert made["secret"] is None
    assert made["apiKey"] is None
    seen = await stranger.read("{ viewer { accounts { nodes { id } } } }", Token(made["token"]))
    assert seen == {"viewer": {"accounts": {"nodes": [{"id": account.id}]}}}


async def test_neither_or_both_of_account_and_invitation_are_refused(stranger: Api) -> None:
    person = {"name": "A", "email": _address(), "password": PASSWORD}
    assert await code_of(stranger, "signUp", None, **person) == "BAD_USER_INPUT"
    both = await code_of(stranger, "signUp", None, **person, accountName="B", invitationToken="mdi_x")
    assert both == "BAD_USER_INPUT"
    assert await code_of(stranger, "signIn", None, email=person["email"], password=PASSWORD) == (
        "SIGN_IN_REFUSED"
    )
