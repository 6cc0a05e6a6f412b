"""What the tests of the link's page begin with, and what they look at."""

from dataclasses import dataclass

import httpx
from playwright.async_api import Page

PASSWORD = "a password of many words 7"


@dataclass(frozen=True)
class Invitation:
    """An invitation or a share that nobody has answered: `link` is what the mail holds."""

    link: str
    email: str
    account_name: str


async def sign_up_elsewhere(server_url: str, email: str) -> str:
    """The token of a person who had signed up before the invitation's link was opened."""
    variables = {"input": {"name": "Early Bird", "email": email, "password": PASSWORD, "accountName": "Own"}}
    query = "mutation ($input: SignUpInput!) { signUp(input: $input) { token userErrors { message } } }"
    async with httpx.AsyncClient() as client:
        response = await client.post(f"{server_url}/graphql", json={"query": query, "variables": variables})
    token = response.json()["data"]["signUp"]["token"]
    assert isinstance(token, str)
    return token


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
