"""Changing an account's settings and status."""

import functools
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, select, update

from authz.callers.principals import Principal
from authz.guards.delegation import check_passing_all_roles
from authz.guards.exclusive import Authorized, WriteKind, authorize, authorize_also
from authz.policy.permissions import Permission
from authz.policy.refusals import PermissionDenied, Refusal, RefusalCode
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.tables import (
    AccountStatus,
    ApiKeyCreationPlace,
    Currency,
    RightsInheritance,
    accounts,
)
from models.accounts.trees import columns_of
from models.base.ids import AccountId
from models.base.text_forms import forms_of
from resolvers.access.blockers import blocked, these_accounts
from resolvers.accounts.currency import correct_currency
from resolvers.billing.status_history import note_status
from resolvers.effects.account_versions import check_version
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account
from resolvers.inputs.text import short_text, visible_text
from resolvers.inputs.unchanged import UNCHANGED, Unchanged

_NARROW = {RightsInheritance.ADMINISTRATORS, ApiKeyCreationPlace.MASTER_ONLY}


@dataclass(frozen=True)
class AccountUpdate:
    """The new values. `external_id` None removes it."""

    account_id: AccountId
    expected_version: int
    name: str | Unchanged = UNCHANGED
    external_id: str | Unchanged | None = UNCHANGED
    rights_inheritance: RightsInheritance | Unchanged = UNCHANGED
    api_key_creation: ApiKeyCreationPlace | Unchanged = UNCHANGED
    currency: Currency | Unchanged = UNCHANGED

    @property
    def write_kind(self) -> WriteKind:
        """An update of the narrower settings alone only takes rights away."""
        settings = {self.rights_inheritance, self.api_key_creation} - {UNCHANGED}
        alone = {self.name, self.external_id, self.currency} == {UNCHANGED}
        return WriteKind.TAKES_AWAY if alone and settings and settings <= _NARROW else WriteKind.CHANGES


async def update_account(session: WriteSession, principal: Principal, command: AccountUpdate) -> Authorized:
    """Change an account's own settings.

    Needs ACCOUNT_WRITE. The settings about inherited rights and about where keys are created hold below too:
    they need SETTINGS_WRITE here and below, and passing all roles down needs all that these then give below
    (N19). Raises VersionConflict, RoleTooWide, CONFLICT for a sibling's external id, BAD_USER_INPUT, and
    FAILED_PRECONDITION for a setting of the master account in a subaccount. The currency decides all prices:
    it needs PLAN_WRITE too, and raises ALREADY_BOOKED once the tree has amounts. Passing less down, and
    keeping keys to the master account, is allowed in any status.
    """
    account = await authorize(
        session, principal, command.account_id, Permission.ACCOUNT_WRITE, command.write_kind
    )
    if {command.rights_inheritance, command.api_key_creation} != {UNCHANGED}:
        passing = await authorize_also(
            session, principal, account.account_id, Permission.SETTINGS_WRITE, command.write_kind
        )
        if not passing.below_mask & Permission.SETTINGS_WRITE.bit:
            raise PermissionDenied(Permission.SETTINGS_WRITE)
    if command.currency is not UNCHANGED:
        await authorize_also(session, principal, account.account_id, Permission.PLAN_WRITE)
    _check_master(account, command)
    check_version(account, command.expected_version)
    values = _new_values(command)
    if isinstance(values.get("external_id"), str):
        await check_external_id(
            session, principal, account, account.stored.parent_id, str(values["external_id"])
        )
    before: Change = {name: getattr(account.stored, name) for name in values}
    changed = {name: value for name, value in values.items() if before[name] != value}
    if changed.get("rights_inheritance") == RightsInheritance.ALL_ROLES.value:
        await check_passing_all_roles(session, account, "rightsInheritance")
    if "currency" in changed:
        await correct_currency(session, account, Currency(changed["currency"]))
    if changed:
        await _write(session, account, {name: changed[name] for name in changed if name != "currency"})
        before = {name: before[name] for name in changed}
        await record_of_account(session, principal, account, EventType.ACCOUNT_UPDATED, before, changed)
    return account


def _check_master(account: Authorized, command: AccountUpdate) -> None:
    of_tree = {"apiKeyCreation": command.api_key_creation, "currency": command.currency}
    given = [field for field, value in of_tree.items() if value is not UNCHANGED]
    if given and account.account_id != account.master_id:
        message = "Set it in the master account: it holds for the whole tree."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, given[0])


async def suspend_account(
    session: WriteSession, principal: Principal, account_id: AccountId, reason: str | None
) -> Authorized:
    """Stop every change in the account and below it that does not only take away. Needs ACCOUNT_SUSPEND,
    which is held from above. Raises ACCOUNT_CLOSED."""
    change = _StatusChange(
        Permission.ACCOUNT_SUSPEND,
        AccountStatus.SUSPENDED,
        EventType.ACCOUNT_SUSPENDED,
        reason,
        WriteKind.TAKES_AWAY,
    )
    return await _change_status(session, principal, account_id, change)


async def resume_account(
    session: WriteSession, principal: Principal, account_id: AccountId, reason: str | None
) -> Authorized:
    """Make a suspended account usable again, where all above it are active. Needs ACCOUNT_SUSPEND, which is
    held from above."""
    change = _StatusChange(
        Permission.ACCOUNT_SUSPEND, AccountStatus.ACTIVE, EventType.ACCOUNT_RESUMED, reason, WriteKind.CHANGES
    )
    return await _change_status(session, principal, account_id, change)


async def check_external_id(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    parent_id: AccountId | None,
    external_id: str,
    field: str = "externalId",
) -> None:
    """Raise CONFLICT, for this field, where another account under the same parent has the external id. Closed
    accounts do not count."""
    other = select(accounts.c.id).where(
        accounts.c.master_id == account.master_id,
        accounts.c.parent_id == parent_id,
        accounts.c.external_id == external_id,
        accounts.c.status != AccountStatus.CLOSED.value,
        accounts.c.id != account.account_id,
    )
    taken = (await session.execute(other.limit(1))).scalar_one_or_none()
    if taken is not None:
        which = these_accounts(account.master_id, [AccountId(taken)])
        message = "Another account here has this external id."
        raise await blocked(session, principal, RefusalCode.CONFLICT, which, field, message)


@dataclass(frozen=True)
class _StatusChange:
    permission: Permission
    status: AccountStatus
    event: EventType
    reason: str | None
    write_kind: WriteKind


async def _change_status(
    session: WriteSession, principal: Principal, account_id: AccountId, change: _StatusChange
) -> Authorized:
    account = await authorize(session, principal, account_id, change.permission, change.write_kind)
    before = account.stored.own_status
    if before == AccountStatus.CLOSED.value:
        raise Refusal(RefusalCode.ACCOUNT_CLOSED)
    if before == change.status.value:
        return account
    reason = None if change.reason is None else short_text(change.reason, "reason")
    await _write(session, account, {"status": change.status.value})
    await note_status(session, account, change.status)
    after: Change = {"status": change.status.value}
    await record_of_account(session, principal, account, change.event, {"status": before}, after, reason)
    return account


def _new_values(command: AccountUpdate) -> Change:
    values: Change = {}
    if command.name is not UNCHANGED:
        values["name"] = short_text(command.name, "name")
    if command.external_id is None:
        values["external_id"] = None
    elif command.external_id is not UNCHANGED:
        values["external_id"] = visible_text(command.external_id, "externalId")
    if command.rights_inheritance is not UNCHANGED:
        values["rights_inheritance"] = command.rights_inheritance.value
    if command.api_key_creation is not UNCHANGED:
        values["api_key_creation"] = command.api_key_creation.value
    if command.currency is not UNCHANGED:
        values["currency"] = command.currency.value
    return values


async def _write(session: WriteSession, account: Authorized, values: Change) -> None:
    forms = forms_of(accounts, str(values["name"])) if "name" in values else {}
    written = {**values, **forms}
    await _update_of(tuple(sorted(written))).send(session, {**columns_of(account), **written})


@functools.cache
def _update_of(columns: tuple[str, ...]) -> FixedStatement:
    """Writes these columns of the locked account, and its next version."""
    values = {name: bindparam(name, type_=accounts.c[name].type) for name in columns}
    this = and_(accounts.c.master_id == bindparam("master_id"), accounts.c.id == bindparam("account_id"))
    return FixedStatement(update(accounts).where(this).values(**values, version=accounts.c.version + 1))
