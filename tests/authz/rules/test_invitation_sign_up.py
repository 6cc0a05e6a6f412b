"""Signing up with the secret of an invitation (R33, T11)."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from authz.policy.builtin_roles import BuiltinRole
from models.people.users import users
from tests.authz.cases.moments import hash_quickly
from tests.authz.matrix.matrix_callers import Bearer, once
from tests.authz.rules.invitation_links import Invitations
from tests.client.api import Api
from tests.client.places import new_place
from tests.world.world import PASSWORD, Account, Member, Person, World


async def test_sign_up_with_an_invitation(
    app: Starlette, world: World, account: Account, inviter: Member, invitations: Invitations
) -> None:
    """A new person joins the account and gets none of its own; the token works at once."""
    email = f"{once()}@example.com"
    token = await invitations.invite(inviter, account, email, BuiltinRole.ANALYST)
    async with Api.of(app, new_place()) as api:
        payload = await _sign_up(api, email, token)
        assert payload["userErrors"] == []
        assert payload["user"]["email"] == email
        assert payload["account"]["id"] == account.id
        assert (payload["apiKey"], payload["secret"]) == (None, None)
        newcomer = Bearer(payload["token"])
        assert await invitations.accounts_of(newcomer) == [account.id]
        again = await _sign_up(api, email, token)
        assert again["userErrors"][0]["code"] == "INVITATION_USED"
        assert again["token"] is None


async def test_sign_up_of_the_wrong_person(
    app: Starlette,
    world: World,
    account: Account,
    inviter: Member,
    invited: Person,
    invitations: Invitations,
    database: AsyncEngine,
) -> None:
    """T11: the link makes nobody else, and nothing of the attempt stays: no person, no session."""
    token = await invitations.invite(inviter, account, invited.email)
    email = f"{once()}@example.com"
    before = await world.state(account)
    async with Api.of(app, new_place()) as api:
        payload = await _sign_up(api, email, token)
    assert payload["userErrors"][0]["code"] == "WRONG_PERSON"
    assert payload["token"] is None
    assert await world.state(account) == before
    async with database.connect() as connection:
        found = await connection.execute(select(users.c.id).where(users.c.email_canonical == email))
        assert found.one_or_none() is None


async def test_sign_up_of_somebody_who_is_registered(
    app: Starlette,
    world: World,
    account: Account,
    inviter: Member,
    invited: Person,
    invitations: Invitations,
    database: AsyncEngine,
) -> None:
    """R33: with the own password it is accepted, with another one the person stays untouched."""
    await hash_quickly(database, invited)
    token = await invitations.invite(inviter, account, invited.email)
    before = await world.state(account)
    async with Api.of(app, new_place()) as api:
        refused = await _sign_up(api, invited.email, token, password="a wrong password")
        assert refused["userErrors"][0]["code"] == "SIGN_UP_REFUSED"
        assert await world.state(account) == before
        accepted = await _sign_up(api, invited.email, token)
        assert accepted["userErrors"] == []
        assert accepted["user"]["id"] == invited.id
    assert await invitations.accounts_of(invited) == [account.id]


async def _sign_up(api: Api, email: str, token: str, password: str = PASSWORD) -> Any:
    values = {"name": "Pia", "email": email, "password": password, "invitationToken": token}
    query = """mutation ($input: SignUpInput!) { signUp(input: $input) {
      token secret user { id email } account { id } apiKey { id } userErrors { code }
    } }"""
    return (await api.read(query, input=values))["signUp"]
