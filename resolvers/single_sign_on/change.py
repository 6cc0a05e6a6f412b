"""Setting up single sign-on for a master account, and ending it.

Whoever sets it decides who signs in as whom, also as the owners. So only owners set it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Uuid, delete, func, insert, literal, select

from authz.callers.principals import Principal
from authz.guards.delegation import RoleGrant, role_to_give
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account
from models.base.ids import AccountId, Kind, MembershipId, UserId, present
from models.domains.tables import domain_claims
from models.members.tables import memberships
from models.people.sessions import sessions
from models.people.users import users
from models.single_sign_on.tables import (
    SingleSignOnEnforcement,
    single_sign_on_exceptions,
    single_sign_on_identities,
    single_sign_on_roles,
    single_sign_ons,
)
from resolvers.effects.account_versions import check_version, raise_version
from resolvers.effects.event_kinds import EventKind
from resolvers.effects.log import Change, record_of_account
from resolvers.inputs.text import visible_text
from resolvers.inputs.unchanged import UNCHANGED, Unchanged
from resolvers.rows.stored import stored
from resolvers.sealing.keyring import KeyringSource
from resolvers.single_sign_on.outgoing import OutgoingRequests
from resolvers.single_sign_on.sealed_columns import CLIENT_SECRET

MOST_ROLES = 100
MOST_EXCEPTIONS = 10
_LONGEST_ADDRESS = 500


@dataclass(frozen=True)
class RoleOfClaim:
    """The role that a value of the claim gives."""

    value: str
    role_id: uuid.UUID


@dataclass(frozen=True)
class SingleSignOnSettings:
    """All settings of a master account. `client_secret`: None for a client without one, UNCHANGED keeps it.
    `expected_version`: of the account. `exceptions`: memberships of owners."""

    account_id: AccountId
    expected_version: int
    issuer: str
    client_id: str
    client_secret: str | Unchanged | None
    audience: str | None
    enforcement: SingleSignOnEnforcement
    role_claim: str | None
    roles: Sequence[RoleOfClaim]
    default_role_id: uuid.UUID | None
    exceptions: Sequence[MembershipId]


async def set_single_sign_on(
    session: WriteSession,
    principal: Principal,
    command: SingleSignOnSettings,
    requests: OutgoingRequests,
    keyring_source: KeyringSource,
) -> Authorized:
    """Set up single sign-on, or change all of its settings. Needs ACCOUNT_TRANSFER, which owners have.

    Where it becomes REQUIRED, sessions of the sign-in domains' people that a password has opened end. Another
    issuer makes it forget whom the old one has named, and ends their sessions. Raises VersionConflict,
    FAILED_PRECONDITION for a subaccount, BAD_USER_INPUT, NOT_FOUND, ROLE_TOO_WIDE, CONSENT_REQUIRED for the
    role of an owner, SECRETS_UNAVAILABLE.
    """
    account = await _authorized(session, principal, command.account_id, WriteKind.CHANGES)
    check_version(account, command.expected_version)
    values = _values(command, requests)
    given = await _roles(session, account, command)
    people = await _owners(session, account, command.exceptions)
    if command.enforcement is SingleSignOnEnforcement.REQUIRED and not people:
        message = "Name at least one owner who may use a password, should the issuer be out of reach."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "breakGlassMemberIds")
    before = await _stored(session, account)
    if before is not None and before.issuer != command.issuer:
        await _forget_people(session, account)
    secret = _secret(account, command.client_secret, before, keyring_source)
    await session.send_built(
        stored(single_sign_ons, columns_of(account), {**values, "client_secret": secret})
    )
    await _replace_parts(session, account, command.roles, people)
    if command.enforcement is SingleSignOnEnforcement.REQUIRED:
        await _end_password_sessions(session, principal, account)
    await raise_version(session, account)
    after = _logged(command, given)
    old = None if before is None else {"issuer": before.issuer, "enforcement": before.enforcement}
    await record_of_account(session, principal, account, EventKind.SINGLE_SIGN_ON_SET, old, after)
    return account


async def remove_single_sign_on(
    session: WriteSession, principal: Principal, account_id: AccountId
) -> Authorized:
    """End single sign-on, in any status of the account, and the sessions that it has opened. Needs
    ACCOUNT_TRANSFER. Members stay members."""
    account = await _authorized(session, principal, account_id, WriteKind.TAKES_AWAY)
    before = await _stored(session, account)
    if before is None:
        return account
    await _forget_people(session, account)
    for table in (single_sign_on_roles, single_sign_on_exceptions, single_sign_ons):
        await session.send_built(delete(table).where(in_account(table, account)))
    await raise_version(session, account)
    old: Change = {"issuer": before.issuer, "enforcement": before.enforcement}
    await record_of_account(session, principal, account, EventKind.SINGLE_SIGN_ON_REMOVED, old)
    return account


async def _authorized(
    session: WriteSession, principal: Principal, account_id: AccountId, kind: WriteKind
) -> Authorized:
    account = await authorize(session, principal, account_id, Permission.ACCOUNT_TRANSFER, kind)
    if account.account_id != account.master_id:
        message = "Single sign-on belongs to the master account, and holds for the whole tree."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    return account


def _values(command: SingleSignOnSettings, requests: OutgoingRequests) -> dict[str, Any]:
    if len(command.issuer) > _LONGEST_ADDRESS or not requests.allows(command.issuer) or "?" in command.issuer:
        message = "Must be an https:// address of at most 500 characters, without a query."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "issuer")
    if command.audience is not None and command.audience == command.client_id:
        message = "Must not be the client id: ID tokens are for that."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "audience")
    if command.roles and command.role_claim is None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Roles need the claim that names them.", "roleClaim")
    return {
        "issuer": command.issuer,
        "client_id": visible_text(command.client_id, "clientId"),
        "audience": None if command.audience is None else visible_text(command.audience, "audience"),
        "enforcement": command.enforcement.value,
        "role_claim": None if command.role_claim is None else visible_text(command.role_claim, "roleClaim"),
        "default_role_id": command.default_role_id,
    }


async def _roles(
    session: WriteSession, account: Authorized, command: SingleSignOnSettings
) -> list[RoleGrant]:
    """The roles that people get, each of which the caller may give."""
    values = [each.value for each in command.roles]
    if len(values) > MOST_ROLES or len(set(values)) < len(values):
        message = f"At most {MOST_ROLES} values, each of them once."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "roles")
    for value in values:
        visible_text(value, "roles")
    wanted = {each.role_id: "roles" for each in command.roles}
    if command.default_role_id is not None:
        wanted.setdefault(command.default_role_id, "defaultRoleId")
    for role_id, field in wanted.items():
        if role_id == BuiltinRole.OWNER.id:
            raise Refusal(RefusalCode.CONSENT_REQUIRED, field=field)
    return [await role_to_give(session, account, role_id, field) for role_id, field in wanted.items()]


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
    return [UserId(row.user_id) for row in rows]


async def _stored(session: WriteSession, account: Authorized) -> Row[*tuple[Any, ...]] | None:
    statement = select(*single_sign_ons.c).where(in_account(single_sign_ons, account))
    return (await session.execute(statement)).one_or_none()


def _secret(
    account: Authorized,
    given: str | Unchanged | None,
    before: Row[*tuple[Any, ...]] | None,
    keyring_source: KeyringSource,
) -> bytes | None:
    if given is UNCHANGED:
        return None if before is None else before.client_secret
    if given is None:
        return None
    text = visible_text(given, "clientSecret", _LONGEST_ADDRESS)
    return keyring_source().seal(CLIENT_SECRET.place(columns_of(account)), text.encode())


async def _replace_parts(
    session: WriteSession, account: Authorized, given: Sequence[RoleOfClaim], people: Sequence[UserId]
) -> None:
    own = columns_of(account)
    for table in (single_sign_on_roles, single_sign_on_exceptions):
        await session.send_built(delete(table).where(in_account(table, account)))
    rows = [
        {**own, "position": position, "value": each.value, "role_id": each.role_id}
        for position, each in enumerate(given)
    ]
    if rows:
        await session.execute_each(insert(single_sign_on_roles), rows)
    if people:
        owners = [{**own, "user_id": each} for each in people]
        await session.execute_each(insert(single_sign_on_exceptions), owners)


async def _forget_people(session: WriteSession, account: Authorized) -> None:
    """Forget whom the issuer has named, and end their sessions."""
    named = single_sign_on_identities
    await session.send_built(delete(named).where(in_account(named, account)))
    opened = sessions.c.sign_on_master_id == account.master_id
    await session.send_built(delete(sessions).where(opened))


async def _end_password_sessions(session: WriteSession, principal: Principal, account: Authorized) -> None:
    """End those that could not be opened any more, but the caller's own."""
    claimed = select(domain_claims.c.name).where(
        domain_claims.c.master_id == account.master_id, domain_claims.c.for_sign_in
    )
    theirs = select(users.c.id).where(
        func.split_part(users.c.email_canonical, "@", -1).in_(claimed),
        func.mandant_single_sign_on_required(users.c.id),
    )
    other = sessions.c.sign_on_master_id.is_distinct_from(literal(account.master_id, Uuid))
    others = sessions.c.digest != principal.credentials.digest
    await session.send_built(delete(sessions).where(sessions.c.user_id.in_(theirs), other, others))


def _logged(command: SingleSignOnSettings, given: Sequence[RoleGrant]) -> Change:
    names: dict[uuid.UUID, str] = {role.id: role.name for role in given}
    return {
        "issuer": command.issuer,
        "clientId": command.client_id,
        "audience": command.audience,
        "enforcement": command.enforcement.value,
        "roleClaim": command.role_claim,
        "roles": [f"{each.value}: {names.get(each.role_id, '')}" for each in command.roles],
        "defaultRole": names.get(command.default_role_id) if command.default_role_id else None,
        "breakGlassMembers": [present(Kind.MEMBER, each) for each in command.exceptions],
    }
