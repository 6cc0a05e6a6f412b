"""What a request passes from the transport to the fields."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError
from strawberry.types import Info

from authz.callers.principals import ANONYMOUS, Credentials, Principal
from authz.guards.gathering import Gathering
from authz.policy.refusals import Refusal, TryLater
from engine.compiled.payloads import Payloads
from engine.database.snapshot import Reader
from engine.reference.executor import ReadContext
from engine.writes.sessions import WriteSessions
from resolvers.effects.public_url import PUBLIC_URL_NAME
from resolvers.people.pages import MailboxPages
from resolvers.people.passwords.hashing import Hashing
from resolvers.second_factor.site import PasskeySite, site_of
from resolvers.sessions.clients import Client, client_of
from schema.fields.deployment import Deployment


class Proof:
    """Whether the database has said in this request that the caller's token is valid. A caller that is known
    from earlier requests is taken for who it was: each write asks the database again. `ask`: asks it now."""

    def __init__(self, ask: Callable[[], Awaitable[object]] | None) -> None:
        self._ask = ask

    @property
    def is_given(self) -> bool:
        """Whether it has said so."""
        return self._ask is None

    async def ask(self) -> None:
        """Ask, if that was not done. Raises what `ask` raises for a token that is not valid."""
        if self._ask is not None:
            await self._ask()
            self._ask = None

    def was_given(self) -> None:
        """A write asked, and the token is valid."""
        self._ask = None


@dataclass
class Context(ReadContext):
    """One request: its caller, the snapshot it reads, and how it writes and reads what it wrote."""

    reader: Reader
    payloads: Payloads
    principal: Principal | None
    sessions: WriteSessions
    hashing: Hashing
    gathering: Gathering
    give_way: Callable[[], None]
    """Leave the caller's share to its next request, because this one needs no connection of its own any
    more."""
    proof: Proof
    client_address: str
    deployment: Deployment
    check_event_document: Callable[[str], Awaitable[None]]
    """Raises BAD_USER_INPUT for a document that cannot make the data of a webhook."""
    reason: str | None = None
    """Why, as the request says it (see `Principal.reason`)."""
    user_agent: str | None = None
    """What the client calls itself, as it came."""
    refusals: list[Refusal] = field(default_factory=list)
    """Why mutations changed nothing, one for each of them that was refused."""

    @property
    def anonymous(self) -> bool:
        """Whether nobody is signed in."""
        return self.principal is None

    @property
    def credentials(self) -> Credentials:
        """The credentials by which statements find the caller."""
        return ANONYMOUS if self.principal is None else self.principal.credentials

    def binds(self, credentials: Credentials) -> dict[str, Any]:
        """The values that reads with these credentials bind."""
        return {**credentials.binds, PUBLIC_URL_NAME: self.deployment.public_url}

    @property
    def offer_page(self) -> str:
        """The page that accepts an offer. The secret goes behind its `#`, so that no log holds it."""
        return f"{self.deployment.public_url}/invitation"

    @property
    def mailbox_pages(self) -> MailboxPages:
        """The pages that verify an e-mail address and that set a new password. The secrets go behind their
        `#` as well; without one the second page offers to mail a link."""
        public_url = self.deployment.public_url
        return MailboxPages(
            verification=f"{public_url}/email-verification", password=f"{public_url}/password-reset"
        )

    @property
    def passkey_site(self) -> PasskeySite:
        """The pages that use passkeys: those of the customer's app, or the server's own."""
        return site_of(self.deployment.app_url or self.deployment.public_url)

    @property
    def client(self) -> Client:
        """What is kept of the client that sends the request."""
        return client_of(self.user_agent, self.client_address)

    @property
    def retry_after(self) -> int | None:
        """The seconds until all mutations that a limit refused can be tried again; None if none was."""
        limited = [refusal.retry_after for refusal in self.refusals if isinstance(refusal, TryLater)]
        return max(limited, default=None)


ContextInfo = Info[Context, None]


def principal_of(info: ContextInfo) -> Principal:
    """The caller. Raises UNAUTHENTICATED if nobody is signed in."""
    if info.context.principal is None:
        raise nobody()
    return info.context.principal


def nobody() -> GraphQLError:
    """Nobody is signed in, or not any more."""
    return GraphQLError("Sign in, or send an API key.", extensions={"code": "UNAUTHENTICATED"})
