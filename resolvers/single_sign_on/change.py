"""Setting up single sign-on for a master account, and ending it.

Whoever sets it decides who signs in as whom, also as the owners. So only owners set it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Uuid, delete, func, literal, select

from authz.callers.principals import Principal
from authz.guards.delegation import role_to_give
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account
from models.base.ids import AccountId, MembershipId, UserId
from models.domains.tables import domain_claims
from models.members.tables import memberships
from models.people.sessions import sessions
from models.people.users import users
from models.single_sign_on.tables import SingleSignOnEnforcement, single_sign_on_identities
from resolvers.effects.account_versions import check_version, raise_version
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_account
from resolvers.inputs.text import visible_text
from resolvers.inputs.unchanged import UNCHANGED, Unchanged, needed_value, new_value
from resolvers.sealing.keyring import KeyringSource
from resolvers.single_sign_on.outgoing import OutgoingRequests
from resolvers.single_sign_on.sealed_columns import CLIENT_SECRET
from resolvers.single_sign_on.settings import (
    RoleOfClaim,
    Settings,
    delete_settings,
    stored_settings,
    write_settings,
)

MOST_ROLES = 100
MOST_EXCEPTIONS = 10
_LONGEST_ADDRESS = 500


@dataclass(frozen=True)
class SingleSignOnUpdate:
    """The new settings of a master account. `expected_version`: of the account. `roles` and `exceptions` as a
    whole; the latter are memberships of owners."""

    account_id: AccountId
    expected_version: int
    issuer: str | Unchanged = UNCHANGED
    client_id: str | Unchanged = UNCHANGED
    client_secret: str | Unchanged | None = UNCHANGED
    audience: str | Unchanged | None = UNCHANGED
    enforcement: SingleSignOnEnforcement | Unchanged = UNCHANGED
    role_claim: str | Unchanged | None = UNCHANGED
    roles: Sequence[RoleOfClaim] | Unchanged = UNCHANGED
    default_role_id: uuid.UUID | Unchanged | None = UNCHANGED
    exceptions: Sequence[MembershipId] | Unchanged = UNCHANGED


async def update_single_sign_on(
    session: WriteSession,
    principal: Principal,
    command: SingleSignOnUpdate,
    requests: OutgoingRequests,
    keyring_source: KeyringSource,
) -> Authorized:
    """Set up single sign-on, or change its settings. Needs ACCOUNT_TRANSFER, which owners have.

    Where it becomes REQUIRED, sessions of the sign-in domains' people that a password has opened end. Another
    issuer makes it forget whom the old one has named, and ends their sessions. Raises VersionConflict,
    FAILED_PRECONDITION for a subaccount, BAD_USER_INPUT, also for a first update without issuer and client,
    NOT_FOUND, ROLE_TOO_WIDE, CONSENT_REQUIRED for the role of an owner, SECRETS_UNAVAILABLE.
    """
    account = await _authorized(session, principal, command.account_id, WriteKind.CHANGES)
    check_version(account, command.expected_version)
    before = await stored_settings(session, account)
    after = await _updated(session, account, command, before, keyring_source)
    _check(after, requests)
    await _check_roles(session, account, after, before)
    if before is not None and before.issuer != after.issuer:
        await _forget_people(session, account)
    await write_settings(session, account, after)
    if after.enforcement is SingleSignOnEnforcement.REQUIRED:
        await _end_password_sessions(session, principal, account)
    await raise_version(session, account)
    old = None if before is None else before.logged()
    kind = EventType.SINGLE_SIGN_ON_UPDATED
    await record_of_account(session, principal, account, kind, old, after.logged())
    return account


async def remove_single_sign_on(
    session: WriteSession, principal: Principal, account_id: AccountId
) -> Authorized:
    """End single sign-on, in any status of the account, and the sessions that it has opened. Needs
    ACCOUNT_TRANSFER. Members stay members."""
    account = await _authorized(session, principal, account_id, WriteKind.TAKES_AWAY)
    before = await stored_settings(session, account)
    if before is None:
        return account
    await _forget_people(session, account)
    await delete_settings(session, account)
    await raise_version(session, account)
    kind = EventType.SINGLE_SIGN_ON_REMOVED
    await record_of_account(session, principal, account, kind, before.logged())
    return account


async def _authorized(
    session: WriteSession, principal: Principal, account_id: AccountId, kind: WriteKind
) -> Authorized:
    account = await authorize(session, principal, account_id, Permission.ACCOUNT_TRANSFER, kind)
    if account.account_id != account.master_id:
        message = "Single sign-on belongs to the master account, and holds for the whole tree."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    return account


async def _updated(
    session: WriteSession,
    account: Authorized,
    command: SingleSignOnUpdate,
    before: Settings | None,
    keyring_source: KeyringSource,
) -> Settings:
    old = before or Settings()
    secret = command.client_secret
    people = command.exceptions
    return Settings(
        issuer=needed_value(command.issuer, old.issuer or None, "issuer"),
        client_id=needed_value(command.client_id, old.client_id or None, "clientId"),
        client_secret=old.client_secret
        if secret is UNCHANGED
        else None
        if secret is None
        else _sealed(account, secret, keyring_source),
        audience=new_value(command.audience, old.audience),
        enforcement=new_value(command.enforcement, old.enforcement),
        role_claim=new_value(command.role_claim, old.role_claim),
        roles=tuple(new_value(command.roles, old.roles)),
        default_role_id=new_value(command.default_role_id, old.default_role_id),
        exceptions=old.exceptions if people is UNCHANGED else tuple(await _owners(session, account, people)),
    )


def _sealed(account: Authorized, secret: str, keyring_source: KeyringSource) -> bytes:
    text = visible_text(secret, "clientSecret", _LONGEST_ADDRESS)
    return keyring_source().seal(CLIENT_SECRET.place(columns_of(account)), text.encode())


def _check(after: Settings, requests: OutgoingRequests) -> None:
    if len(after.issuer) > _LONGEST_ADDRESS or not requests.allows(after.issuer) or "?" in after.issuer:
        message = "Must be an https:// address of at most 500 characters, without a query."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "issuer")
    visible_text(after.client_id, "clientId")
    if after.audience is not None:
        visible_text(after.audience, "audience")
        if after.audience == after.client_id:
            message = "Must not be the client id: ID tokens are for that."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message, "audience")
    if after.role_claim is not None:
        visible_text(after.role_claim, "roleClaim")
    elif after.roles:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Roles need the claim that names them.", "roleClaim")
    if after.enforcement is SingleSignOnEnforcement.REQUIRED and not after.exceptions:
        message = "Name at least one owner who may use a password, should the issuer be out of reach."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "breakGlassMemberIds")


async def _check_roles(
    session: WriteSession, account: Authorized, after: Settings, before: Settings | None
) -> None:
    """Whoever changes the roles has to be able to give each of them."""
    old = before or Settings()
    if (after.roles, after.default_role_id) == (old.roles, old.default_role_id):
        return
    values = [each.value for each in after.roles]
    if len(values) > MOST_ROLES or len(set(values)) < len(values):
        message = f"At most {MOST_ROLES} values, each of them once."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "roles")
    for value in values:
        visible_text(value, "roles")
    wanted = {each.role_id: "roles" for each in after.roles}
    if after.default_role_id is not None:
        wanted.setdefault(after.default_role_id, "defaultRoleId")
    for role_id, field in wanted.items():
        if role_id == BuiltinRole.OWNER.id:
            raise Refusal(RefusalCode.CONSENT_REQUIRED, field=field)
        try:
            await role_to_give(session, account, role_id, field)
        except NotFound as error:
            raise NotFound(field) from error


async def _owners(
    session: WriteSession, account: Authorized, members: Sequence[MembershipId]
) -> list[UserId]:
    if len(members) > MOST_EXCEPTIONS:
        message = f"At most {MOST_EXCEPTIONS} owners."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "breakGlassMemberIds")
    statement = select(memberships.c.user_id, memberships.c.role_id).where(
        in_account(memberships, account), memberships.c.id.in_(members)
    )
    rows = (await session.execute(statement)).all() if members else []
    if len(rows) < len(set(members)):
        raise NotFound("breakGlassMemberIds")
    if any(row.role_id != BuiltinRole.OWNER.id for row in rows):
        message = "Only owners of the account can be exceptions."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "breakGlassMemberIds")
    return sorted(UserId(row.user_id) for row in rows)


async def _forget_people(session: WriteSession, account: Authorized) -> None:
    """Forget whom the issuer has named, and end their sessions."""
    named = single_sign_on_identities
    await session.send_built(delete(named).where(in_account(named, account)))
    opened = sessions.c.sign_on_master_id == account.master_id
    await session.send_built(delete(sessions).where(opened))


async def _end_password_sessions(session: WriteSession, principal: Principal, account: Authorized) -> None:
    """End those that could not be opened any more, but the caller's own. Whoever signs in meanwhile waits for
    the claims, and is refused."""
    claim = domain_claims.c
    own = (claim.master_id == account.master_id) & claim.for_sign_in
    claimed = select(claim.name).where(own)
    await session.execute(claimed.order_by(claim.name).with_for_update())
    theirs = select(users.c.id).where(
        func.split_part(users.c.email_canonical, "@", -1).in_(claimed),
        func.mandant_single_sign_on_required(users.c.id),
    )
    other = sessions.c.sign_on_master_id.is_distinct_from(literal(account.master_id, Uuid))
    others = sessions.c.digest != principal.credentials.digest
    await session.send_built(delete(sessions).where(sessions.c.user_id.in_(theirs), other, others))
