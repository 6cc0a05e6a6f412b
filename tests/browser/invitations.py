"""What the tests of the link's page begin with, and what they look at."""

import re
from dataclasses import dataclass

import httpx
from playwright.async_api import Page
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from models.effects.outbox import outbox_messages
from models.people.users import users

PASSWORD = "a password of many words 7"


@dataclass(frozen=True)
class Invitation:
    """An invitation or a share that nobody has answered: `link` is what the mail holds."""

    link: str
    email: str
    account_name: str


async def sign_up_elsewhere(server_url: str, email: str, database: AsyncEngine) -> str:
    """The token of a person who had signed up, and verified the address, before the link was opened."""
    token, _ = await sign_up_unverified(server_url, email)
    verified = update(users).where(users.c.email_canonical == email).values(email_verified_at=func.now())
    async with database.begin() as connection:
        await connection.execute(verified)
    return token


async def sign_up_unverified(server_url: str, email: str) -> tuple[str, str]:
    """The tokens of a person who never opened the link that verifies the address, and of its device."""
    variables = {"input": {"name": "Early Bird", "email": email, "password": PASSWORD, "accountName": "Own"}}
    query = "mutation ($input: SignUpInput!) { signUp(input: $input) { token deviceToken } }"
    async with httpx.AsyncClient() as client:
        response = await client.post(f"{server_url}/graphql", json={"query": query, "variables": variables})
    made = response.json()["data"]["signUp"]
    return str(made["token"]), str(made["deviceToken"])


async def accounts_of(page: Page) -> str:
    """What the token that the page kept reaches, as JSON text."""
    token = await page.evaluate("sessionStorage.getItem('mandant:token')")
    origin = await page.evaluate("location.origin")
    async with httpx.AsyncClient() as client:
        response = await client.post(
            f"{origin}/graphql",
            json={"query": "{ viewer { accounts(first: 20) { nodes { name } } } }"},
            headers={"Authorization": f"Bearer {token}"},
        )
    return response.text


async def mailed_link(database: AsyncEngine, email: str) -> str:
    """The link of the one mail to the address."""
    mail = select(outbox_messages.c.body).where(outbox_messages.c.recipient == email)
    async with database.connect() as connection:
        body = (await connection.execute(mail)).scalar_one()
    link = re.search(r"^http\S+$", body, re.MULTILINE)
    assert link is not None
    return link[0]
