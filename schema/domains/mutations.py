"""Mutations of domains."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import DomainId, Kind
from models.domains.tables import DomainKind
from resolvers.accounts import reads as accounts
from resolvers.domains import add, reads, remove, replace_key, verify
from resolvers.domains.dkim import NewDkimKey
from resolvers.effects.attempts import Limit
from resolvers.inputs.global_ids import required
from schema.domains.types import Domain
from schema.fields.context import ContextInfo, principal_of
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload, removed_id
from schema.fields.references import AccountRef
from schema.fields.writes import perform

_WINDOW = datetime.timedelta(minutes=10)
_DOMAINS_OF_A_PRINCIPAL = 100


@strawberry.input(description="A domain to send from, to lead links through, or to sign in by.")
class DomainAddInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    kind: DomainKind = strawberry.field(
        description="SENDING: as many as `Account.sendingDomainLimit` says. TRACKING: one; once it was "
        "verified, it cannot be removed or replaced. SIGN_IN: up to 20 of a master account."
    )
    name: str = strawberry.field(
        description="The name, such as news.example.com, in Unicode or ASCII; in ASCII at most 200 "
        "characters."
    )


@strawberry.input(description="The domain to check.")
class DomainVerifyInput:
    domain_id: strawberry.ID = strawberry.field(description="The domain.")


@strawberry.input(description="The domain whose key is replaced.")
class DomainKeyReplaceInput:
    domain_id: strawberry.ID = strawberry.field(description="A sending domain.")


@strawberry.input(description="The domain to remove.")
class DomainRemoveInput:
    domain_id: strawberry.ID = strawberry.field(description="The domain.")


@entity(None, carries={"domain_id": Uuid()})
class DomainPayload(Payload):
    """The domain."""

    domain: Domain | None = to_one(reads.of_result)


@entity(None, carries={"account_id": Uuid()})
class DomainRemovePayload(Payload):
    """The account that the domain was removed from."""

    account: AccountRef | None = to_one(accounts.of_result)
    removed_domain_id: strawberry.ID | None = removed_id("domain")


@strawberry.type
class DomainMutation:
    @strawberry.mutation(
        directives=needs(Permission.DOMAINS_WRITE),
        description="Add a domain to an account. Publish `Domain.records` in its DNS. They are checked at "
        "once, and every day. Nothing is told of other accounts that have the same domain.",
    )
    async def domain_add(self, info: ContextInfo, input: DomainAddInput) -> DomainPayload:
        principal, deployment, new_key = principal_of(info), info.context.deployment, NewDkimKey()

        async def write(session: WriteSession) -> DomainPayload:
            command = add.DomainCreation(
                account_id=account_id(input.account_id),
                kind=input.kind,
                name=input.name,
                mail_host=deployment.mail_host,
            )
            domain_id = await add.add_domain(session, principal, command, new_key, deployment.keyring)
            return payload(DomainPayload, domain_id=domain_id)

        return await perform(info, DomainPayload, write, [_limit(principal)])

    @mutation(needs(Permission.DOMAINS_WRITE))
    async def domain_verify(
        self, session: WriteSession, principal: Principal, input: DomainVerifyInput
    ) -> DomainPayload:
        """Have a domain checked now, at most 20 times an hour. The answer shows the domain as it is; ask
        again some seconds later."""
        domain_id = _domain_id(input.domain_id)
        await verify.request_check(session, principal, domain_id)
        return payload(DomainPayload, domain_id=domain_id)

    @strawberry.mutation(
        directives=needs(Permission.DOMAINS_WRITE),
        description="Replace the key with which e-mail of a sending domain is signed. Publish the record "
        "DKIM_NEXT of `Domain.records`, and leave the record DKIM where it is: the old key is used until a "
        "check finds the new record. Repeating it while a key waits gives that one up for another one.",
    )
    async def domain_key_replace(self, info: ContextInfo, input: DomainKeyReplaceInput) -> DomainPayload:
        principal, deployment, new_key = principal_of(info), info.context.deployment, NewDkimKey()

        async def write(session: WriteSession) -> DomainPayload:
            domain_id = _domain_id(input.domain_id)
            await replace_key.replace_key(session, principal, domain_id, new_key, deployment.keyring)
            return payload(DomainPayload, domain_id=domain_id)

        return await perform(info, DomainPayload, write, [_limit(principal)])

    @mutation(needs(Permission.DOMAINS_WRITE))
    async def domain_remove(
        self, session: WriteSession, principal: Principal, input: DomainRemoveInput
    ) -> DomainRemovePayload:
        """Remove a domain and its key from an account. A tracking domain that was verified cannot be removed,
        because links in e-mail that was sent lead through it."""
        account = await remove.remove_domain(session, principal, _domain_id(input.domain_id))
        return payload(DomainRemovePayload, account_id=account, removed_domain_id=input.domain_id)


def _limit(principal: Principal) -> Limit:
    """For what makes keys."""
    return Limit(subject=f"domains of {principal.id}", most=_DOMAINS_OF_A_PRINCIPAL, window=_WINDOW)


def _domain_id(text: str) -> DomainId:
    return DomainId(required(Kind.DOMAIN, text, "domainId"))
