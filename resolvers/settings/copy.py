"""Copying settings from one account to another of its tree (N15, R87)."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize_all, authorize_also
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.reach.ends import ANY_MOMENT
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind, present
from models.settings.tables import SettingName
from resolvers.effects.account_versions import raise_version
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_account
from resolvers.settings.in_force import AllInForce, InForce, read_in_force
from resolvers.settings.logged import logged_change
from resolvers.settings.reads import SettingOrigin
from resolvers.settings.store import (
    Copied,
    Functions,
    StoredFunction,
    StoredSetting,
    check_unlocked,
    stored_functions,
    stored_settings,
    write_functions,
    write_settings,
)
from resolvers.settings.values import SettingValue


@dataclass(frozen=True)
class SettingsCopy:
    """Which settings are copied, from which account to which."""

    from_id: AccountId
    to_id: AccountId
    settings: frozenset[SettingName]


@dataclass(frozen=True)
class SettingChange:
    """A setting that a copy changes: what is in force before, and what the account has then. `name`: of a
    field function."""

    setting: SettingName
    name: str | None
    before: SettingValue | None
    origin_before: SettingOrigin
    after: SettingValue


@dataclass(frozen=True)
class SettingsCopied:
    """The account that the settings were copied to, and what changed there."""

    account: Authorized
    changes: list[SettingChange]


async def copy_settings(session: WriteSession, principal: Principal, command: SettingsCopy) -> SettingsCopied:
    """Make what is in force in one account the other account's own.

    Needs SETTINGS_WRITE in the account that it changes, and SETTINGS_READ in the other one. What has no value
    there, and field functions that are not there, stay as they are. Locks the tree, because neither account
    need stand above the other. Raises SETTING_LOCKED, BAD_USER_INPUT.
    """
    (account,) = await authorize_all(
        session,
        principal,
        [command.to_id],
        Permission.SETTINGS_WRITE,
        until=ANY_MOMENT,
        fields={command.to_id: "toAccountId"},
    )
    source = await authorize_source(session, principal, account, command.from_id, "fromAccountId")
    if source.account_id == account.account_id:
        message = "An account's settings cannot be copied to itself."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "toAccountId")
    changes = await take_settings(session, principal, account, source, command.settings, "settings")
    if changes:
        await raise_version(session, account)
    return SettingsCopied(account, changes)


async def authorize_source(
    session: WriteSession, principal: Principal, account: Authorized, source_id: AccountId, field: str
) -> Authorized:
    """The account to copy from, in the locked tree of another account. Raises NotFound and BAD_USER_INPUT
    with the input's field."""
    try:
        source = await authorize_also(
            session, principal, source_id, Permission.SETTINGS_READ, WriteKind.TAKES_AWAY
        )
    except NotFound as error:
        raise NotFound(field) from error
    if source.master_id != account.master_id:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "The accounts must belong to one tree.", field)
    return source


async def take_settings(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    source: Authorized,
    chosen: Collection[SettingName],
    field: str,
) -> list[SettingChange]:
    """Copy the chosen settings, and write the event. `field`: of the input, for refusals."""
    given, had = await read_in_force(session, source), await read_in_force(session, account)
    stored, own = await stored_settings(session, account), await stored_functions(session, account)
    copied = {
        setting: replace(stored[setting], value=found.value, copied=Copied(source.account_id))
        for setting, found in given.settings.items()
        if setting in chosen and found.value is not None and not _is_copy(stored[setting], found, source)
    }
    functions: Functions = {
        name: StoredFunction(str(found.value), Copied(source.account_id))
        for name, found in given.functions.items()
        if SettingName.FIELD_FUNCTIONS in chosen
        and not (name in own and own[name].text == found.value and _from(own[name].copied, source))
    }
    changed = {*copied, SettingName.FIELD_FUNCTIONS} if functions else set(copied)
    if not changed:
        return []
    await check_unlocked(session, principal, account, stored, dict.fromkeys(changed, field))
    await write_settings(session, account, copied)
    await write_functions(session, account, own, functions, field)
    before, after = logged_change(stored, copied, own, functions)
    after["copied_from"] = present(Kind.ACCOUNT, source.account_id)
    await record_of_account(session, principal, account, EventType.SETTINGS_COPIED, before, after)
    return _changes(account, had, given, copied, functions)


def _is_copy(stored: StoredSetting, found: InForce, source: Authorized) -> bool:
    return stored.value == found.value and _from(stored.copied, source)


def _from(copied: Copied | None, source: Authorized) -> bool:
    return copied is not None and copied.from_id == source.account_id


def _changes(
    account: Authorized,
    had: AllInForce,
    given: AllInForce,
    copied: Collection[SettingName],
    functions: Collection[str],
) -> list[SettingChange]:
    plain = [
        _change(account, setting, None, had.settings[setting], given.settings[setting]) for setting in copied
    ]
    named = [
        _change(account, SettingName.FIELD_FUNCTIONS, name, had.functions.get(name), given.functions[name])
        for name in sorted(functions)
    ]
    return [*plain, *named]


def _change(
    account: Authorized, setting: SettingName, name: str | None, old: InForce | None, new: InForce
) -> SettingChange:
    if new.value is None:
        raise AssertionError("what has no value is not copied")
    if old is None:
        return SettingChange(setting, name, None, SettingOrigin.PLATFORM, new.value)
    return SettingChange(setting, name, old.value, old.origin_in(account), new.value)
