"""A company with single sign-on, and the browsers of its people."""

import base64
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette

from authz.callers.tokens import digest_of
from authz.policy.builtin_roles import BuiltinRole
from models.domains.tables import DomainKind
from tests.areas.single_sign_on.giving import VERIFIER
from tests.areas.single_sign_on.provider import CLIENT_ID, Provider
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, Token, done
from tests.world.domains import Domain, give_domain
from tests.world.world import Account, Member, World

CHALLENGE = base64.urlsafe_b64encode(digest_of(VERIFIER)).decode().rstrip("=")
"""As the page sends it."""


@dataclass
class Company:
    """A master account whose people sign in at the provider."""

    api: Api
    world: World
    provider: Provider
    account: Account
    owner: Member
    domain: Domain
    app: Starlette
    settings: dict[str, Any] = field(default_factory=dict)

    async def set(self, **changes: Any) -> None:
        """Set single sign-on up, with these values instead of the usual ones."""
        self.settings = {**self.settings, **changes}
        await done(self.api, "singleSignOnUpdate", self.owner, **await self.input())

    async def input(self, **changes: Any) -> dict[str, Any]:
        """A whole input of `singleSignOnUpdate`."""
        query = "query ($id: ID!) { account(id: $id) { version } }"
        found = await self.api.read(query, self.owner, id=self.account.id)
        version = found["account"]["version"]
        return {"accountId": self.account.id, "expectedVersion": version, **self.settings, **changes}

    def address(self, local: str | None = None) -> str:
        """An address of the company's domain."""
        return f"{local or f'p{uuid.uuid4().hex[:8]}'}@{self.domain.name}"

    def person(self, email: str | None = None, **claims: Any) -> str:
        """The provider has a person with this address. Returns its subject."""
        subject = f"s{uuid.uuid4().hex[:12]}"
        whole = {"email": email or self.address(), "email_verified": True, "name": "Pia Sign-On", **claims}
        self.provider.know(subject, **whole)
        return subject

    @asynccontextmanager
    async def browser(self) -> AsyncIterator["Browser"]:
        """A browser that has never been here."""
        transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            yield Browser(self, http)

    async def signed_in(self, subject: str) -> Token:
        """The person's session, by all steps."""
        async with self.browser() as browser:
            answer = await browser.come_back(self.provider.sign_in(await browser.start(), subject))
        return await self.complete(answer)

    async def complete(self, answer: httpx.Response) -> Token:
        """The session of the code with which the browser goes on."""
        assert answer.status_code == 303, answer.text
        code = answer.headers["location"].partition("#")[2]
        values = {"code": code, "verifier": VERIFIER}
        made = await done(self.api, "singleSignOnComplete", None, "token expiresAt", **values)
        return Token(made["token"])

    async def failure(self, subject: str) -> str:
        """Why the person is not let in."""
        async with self.browser() as browser:
            answer = await browser.come_back(self.provider.sign_in(await browser.start(), subject))
        return failure_in(answer)


def failure_in(answer: httpx.Response) -> str:
    """The code on the page."""
    assert answer.status_code >= 400, answer.headers.get("location")
    return answer.text.partition("<code>")[2].partition("</code>")[0]


@dataclass(frozen=True)
class Browser:
    """One person's."""

    company: Company
    http: httpx.AsyncClient

    async def start(self, **parameters: str) -> str:
        """Where it is sent to sign in."""
        answer = await self.ask(**(parameters or {"account": self.company.account.id}))
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def ask(self, **parameters: str) -> httpx.Response:
        """The page begins, with its challenge."""
        return await self.http.get("/sso/start", params={"challenge": CHALLENGE, **parameters})

    async def come_back(self, target: httpx.URL) -> httpx.Response:
        """It follows the issuer's redirect."""
        assert str(target).startswith("http://mandant.test/sso/callback?")
        return await self.http.get(target.raw_path.decode())


async def company_of(api: Api, world: World, provider: Provider, app: Starlette) -> Company:
    """A company whose new people become analysts."""
    account = await world.account(name="Company")
    owner = await world.member(account, BuiltinRole.OWNER)
    domain = await give_domain(world, account, kind=DomainKind.SIGN_IN, verified=True)
    company = Company(api, world, provider, account, owner, domain, app)
    await company.set(
        issuer=provider.url,
        clientId=CLIENT_ID,
        clientSecret="a secret of the issuer",
        defaultRoleId=ROLE_IDS[BuiltinRole.ANALYST],
    )
    return company
