"""The settings that an account has stored itself, behind its lock."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Table, and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import columns_of, in_account, in_tree, this_account
from models.base.ids import AccountId
from models.settings.tables import MOST_FIELD_FUNCTIONS, SettingName, field_functions, settings
from resolvers.access.blockers import blocked, these_accounts
from resolvers.settings.effective import lock_above, names_of_settings
from resolvers.settings.values import SettingValue, stored_form, value_of


@dataclass(frozen=True)
class Copied:
    """From which account a value was copied, and when. `at` None: it is being copied now."""

    from_id: AccountId
    at: datetime.datetime | None = None


@dataclass(frozen=True)
class StoredSetting:
    """What an account has stored of a setting, and the account above whose lock holds."""

    value: SettingValue | None = None
    locked: bool = False
    copied: Copied | None = None
    locked_by_id: AccountId | None = None


@dataclass(frozen=True)
class StoredFunction:
    """A field function that an account has stored."""

    text: str
    copied: Copied | None = None


Functions = dict[str, StoredFunction | None]
"""Field functions by name. None: there is none."""


async def stored_settings(session: WriteSession, account: Authorized) -> dict[SettingName, StoredSetting]:
    """What the account has stored, by every setting."""
    own, mine, known = accounts.alias(), settings.alias(), names_of_settings()
    is_mine = and_(in_tree(mine, own, account_id="id"), mine.c.setting == known.c.setting)
    statement = select(
        known.c.setting,
        mine.c.value,
        func.coalesce(mine.c.locked, False).label("locked"),
        mine.c.copied_from_id,
        mine.c.copied_at,
        lock_above(own, known.c.setting).label("locked_by_id"),
    ).select_from(own.join(known, this_account(own, account)).outerjoin(mine, is_mine))
    found: dict[SettingName, StoredSetting] = {}
    for row in (await session.execute(statement)).all():
        setting = SettingName(row.setting)
        value = None if row.value is None else value_of(setting, row.value)
        found[setting] = StoredSetting(value, row.locked, _copied_of(row), row.locked_by_id)
    return found


async def stored_functions(session: WriteSession, account: Authorized) -> dict[str, StoredFunction]:
    """The account's own field functions, by name."""
    columns = field_functions.c
    shown = (columns.name, columns.text, columns.copied_from_id, columns.copied_at)
    statement = select(*shown).where(in_account(field_functions, account))
    rows = (await session.execute(statement)).all()
    return {row.name: StoredFunction(row.text, _copied_of(row)) for row in rows}


async def check_unlocked(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    stored: Mapping[SettingName, StoredSetting],
    changed: Mapping[SettingName, str],
) -> None:
    """Raise SETTING_LOCKED where an account above has locked one of the settings. `changed`: the settings,
    each with the input's field that changes it."""
    for setting in SettingName:
        locked_by_id = stored[setting].locked_by_id
        if setting in changed and locked_by_id is not None:
            which = these_accounts(account.master_id, [locked_by_id])
            code = RefusalCode.SETTING_LOCKED
            raise await blocked(session, principal, code, which, changed[setting], None)


async def write_settings(
    session: WriteSession, account: Authorized, written: Mapping[SettingName, StoredSetting]
) -> None:
    """Store these settings. A row without a value and a lock is deleted."""
    kept = {setting: new for setting, new in written.items() if new.value is not None or new.locked}
    await _delete(session, settings, account, "setting", [s.value for s in written if s not in kept])
    rows = [
        {
            **columns_of(account),
            "setting": setting.value,
            "value": None if new.value is None else stored_form(new.value),
            "locked": new.locked,
            **_columns_of(new.copied),
        }
        for setting, new in kept.items()
    ]
    await _store(session, settings, "setting", rows, ("value", "locked"))


async def write_functions(
    session: WriteSession,
    account: Authorized,
    own: Mapping[str, StoredFunction],
    written: Functions,
    field: str,
) -> None:
    """Store or delete (None) these field functions. `own`: all that the account has. Raises BAD_USER_INPUT
    where it would have too many."""
    after = {name for name in {*own, *written} if written.get(name, own.get(name)) is not None}
    if len(after) > MOST_FIELD_FUNCTIONS:
        message = f"An account has at most {MOST_FIELD_FUNCTIONS} field functions of its own."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    removed = [name for name, new in written.items() if new is None]
    await _delete(session, field_functions, account, "name", removed)
    rows = [
        {**columns_of(account), "name": name, "text": new.text, **_columns_of(new.copied)}
        for name, new in written.items()
        if new is not None
    ]
    await _store(session, field_functions, "name", rows, ("text",))


def input_field(setting: SettingName) -> str:
    """The field of an input that is about the setting."""
    first, *rest = setting.value.lower().split("_")
    return first + "".join(word.title() for word in rest)


def _copied_of(row: Row[*tuple[Any, ...]]) -> Copied | None:
    return None if row.copied_from_id is None else Copied(row.copied_from_id, row.copied_at)


def _columns_of(copied: Copied | None) -> dict[str, object]:
    if copied is None:
        return {"copied_from_id": None, "copied_at": None}
    return {"copied_from_id": copied.from_id, "copied_at": copied.at or func.now()}


async def _delete(
    session: WriteSession, table: Table, account: Authorized, key: str, names: Collection[str]
) -> None:
    if names:
        await session.send_built(delete(table).where(in_account(table, account), table.c[key].in_(names)))


async def _store(
    session: WriteSession, table: Table, key: str, rows: list[dict[str, object]], changing: tuple[str, ...]
) -> None:
    if not rows:
        return
    made = insert(table).values(rows)
    replaced = {name: made.excluded[name] for name in (*changing, "copied_from_id", "copied_at")}
    keys = ["master_id", "account_id", key]
    await session.send_built(made.on_conflict_do_update(index_elements=keys, set_=replaced))
