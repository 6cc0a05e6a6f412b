"""Adding a domain to an account (R80-R82)."""

import secrets
from dataclasses import dataclass

from sqlalchemy import Select, case, exists, func, insert, literal, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.text.numbers import counted
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import columns_of, in_account, this_account
from models.base.ids import AccountId, DomainId, Kind, new_id, present
from models.domains.job_kinds import DOMAIN_CHECK
from models.domains.tables import DomainKind, domain_keys, domains
from models.effects.jobs import Job
from resolvers.domains.dkim import DkimKey, NewDkimKey
from resolvers.domains.expected_records import DomainFacts, PublishedKey, expected_records
from resolvers.domains.records import add_records
from resolvers.domains.sealed_columns import PRIVATE_KEY
from resolvers.effects.event_types import EventType
from resolvers.effects.jobs import enqueue
from resolvers.effects.log import record
from resolvers.inputs.domain_names import DomainName, domain_name
from resolvers.sealing.keyring import Keyring, KeyringSource
from resolvers.staff.overrides import sending_domain_limit_of

_TOKEN_SIZE = 16
_MOST_SIGN_IN_DOMAINS = 20


@dataclass(frozen=True)
class DomainCreation:
    """`mail_host`: the deployment's."""

    account_id: AccountId
    kind: DomainKind
    name: str
    mail_host: str


async def add_domain(
    session: WriteSession,
    principal: Principal,
    command: DomainCreation,
    new_key: NewDkimKey,
    keyring_source: KeyringSource,
) -> DomainId:
    """Add a domain, and have it checked. A sending domain gets a key for DKIM. Needs DOMAINS_WRITE.

    Raises BAD_USER_INPUT for a name that is none, and CONFLICT where the account has the domain for mail and
    links, or for sign-in. Raises FAILED_PRECONDITION for a sign-in domain of a subaccount,
    DOMAIN_LIMIT_REACHED, and SECRETS_UNAVAILABLE for a sending domain where the server has no keys.
    """
    name = domain_name(command.name, "name")
    sends = command.kind is DomainKind.SENDING
    keyring, key = (keyring_source(), await new_key.made()) if sends else (None, None)
    account = await authorize(session, principal, command.account_id, Permission.DOMAINS_WRITE)
    if command.kind is DomainKind.SIGN_IN and account.account_id != account.master_id:
        message = "People sign in by domains of the master account. Add it there."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    await _check_new(session, account, command.kind, name)
    domain_id, token = DomainId(new_id()), secrets.token_hex(_TOKEN_SIZE)
    await session.send_built(
        insert(domains).values(
            **columns_of(account),
            id=domain_id,
            kind=command.kind.value,
            name=name.shown,
            ascii_name=name.ascii,
            token=token,
            check_due_at=func.now(),
            actor_user_id=principal.user_id,
            actor_api_key_id=principal.api_key_id,
            actor_account_id=account.acting_from,
        )
    )
    published = None if key is None else PublishedKey(key.selector, key.public_key)
    if keyring is not None and key is not None:
        await _add_key(session, account, domain_id, keyring, key)
    facts = DomainFacts(command.kind, name.ascii, token, published)
    await add_records(session, account.master_id, domain_id, expected_records(facts, command.mail_host))
    await enqueue(session, Job(DOMAIN_CHECK, account.master_id, domain_id))
    after = {"kind": command.kind.value, "name": name.ascii}
    subject_id = present(Kind.DOMAIN, domain_id)
    await record(session, principal, account, EventType.DOMAIN_ADDED, subject_id, None, {**after})
    return domain_id


async def _check_new(session: WriteSession, account: Authorized, kind: DomainKind, name: DomainName) -> None:
    is_there, number, most = (await session.execute(_numbers(account, kind, name))).one()
    if is_there:
        raise Refusal(RefusalCode.CONFLICT, "The account has this domain already.", "name")
    if number < most:
        return
    if kind is DomainKind.TRACKING:
        message = "The account has its tracking domain already. There is only one, and nobody can allow more."
    elif kind is DomainKind.SIGN_IN:
        message = f"The account can have {most} sign-in domains. Nobody can allow more."
    else:
        message = f"The account can have {counted(most, 'sending domain')}. Platform support can allow more."
    raise Refusal(RefusalCode.DOMAIN_LIMIT_REACHED, message, "kind")


def _numbers(account: Authorized, kind: DomainKind, name: DomainName) -> Select[bool, int, int]:
    """Whether the account has the domain, how many of this kind it has, and how many it may have."""
    own = in_account(domains, account)
    number = select(func.count()).select_from(domains).where(own, domains.c.kind == kind.value)
    most = case(
        (literal(kind.value) == DomainKind.TRACKING.value, 1),
        (literal(kind.value) == DomainKind.SIGN_IN.value, _MOST_SIGN_IN_DOMAINS),
        else_=sending_domain_limit_of(accounts),
    )
    signs_in = DomainKind.SIGN_IN.value
    same_use = domains.c.kind == signs_in if kind is DomainKind.SIGN_IN else domains.c.kind != signs_in
    is_there = exists().where(own, same_use, domains.c.ascii_name == name.ascii)
    return select(is_there, number.scalar_subquery(), most).where(this_account(accounts, account))


async def _add_key(
    session: WriteSession, account: Authorized, domain_id: DomainId, keyring: Keyring, key: DkimKey
) -> None:
    row = {"master_id": account.master_id, "domain_id": domain_id}
    sealed = keyring.seal(PRIVATE_KEY.place(row), key.private_key)
    await session.send_built(
        insert(domain_keys).values(
            **row, selector=key.selector, public_key=key.public_key, private_key=sealed
        )
    )
