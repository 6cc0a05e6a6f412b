"""The settings that are in force in an account, for whoever decides by them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from engine.database.write_connection import FixedRow
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import NAMED, Place, columns_of, this_account
from models.base.ids import AccountId
from models.settings.tables import SettingName
from resolvers.settings.effective import all_in_force
from resolvers.settings.reads import SettingOrigin
from resolvers.settings.values import BounceLimits, CampaignApproval, QuietHours, SettingValue, value_of


@dataclass(frozen=True)
class InForce:
    """A value that is in force. `from_id` None: the platform's own. `copied_from_id`: of that account."""

    value: SettingValue | None
    from_id: AccountId | None
    copied_from_id: AccountId | None

    def origin_in(self, account: Place) -> SettingOrigin:
        """Where it comes from, as seen in an account."""
        if self.from_id is None:
            return SettingOrigin.PLATFORM
        if self.from_id != account.account_id:
            return SettingOrigin.INHERITED
        return SettingOrigin.OWN if self.copied_from_id is None else SettingOrigin.COPIED


@dataclass(frozen=True)
class AllInForce:
    """Everything that is in force in an account."""

    settings: Mapping[SettingName, InForce]
    """All but FIELD_FUNCTIONS."""
    functions: Mapping[str, InForce]
    """Field functions, by name."""

    def text(self, setting: SettingName) -> str | None:
        """A setting whose value is a text."""
        value = self.settings[setting].value
        return value if isinstance(value, str) else None


@dataclass(frozen=True)
class EffectiveSettings:
    """The values alone. Settings that the platform has a value for always have one."""

    time_zone: str
    default_country: str | None
    language: str
    sender_name: str | None
    sender_address: str | None
    unsubscribe_page: str | None
    campaign_approval: CampaignApproval
    bounce_limits: BounceLimits
    quiet_hours: QuietHours | None
    field_functions: Mapping[str, str]


async def read_in_force(session: WriteSession, account: Place) -> AllInForce:
    """Everything that is in force in the account. Behind the lock of `authorize_shared` it stays so."""
    return all_of(await rows_in_force(session, account))


async def rows_in_force(session: WriteSession, account: Place) -> list[FixedRow]:
    """The rows of `statement_of`, for a write."""
    return await _IN_FORCE.rows(session, columns_of(account))


def statement_of(account: Place) -> Select[Any]:
    """Reads the rows for `all_of`, and the account's name with each. To put it together takes longer than to
    run it: writes use `rows_in_force`."""
    own = accounts.alias()
    found = all_in_force(own).lateral("found")
    name = own.c.name.label("account_name")
    return select(*found.c, name).select_from(own.join(found, this_account(own, account)))


_IN_FORCE = FixedStatement(statement_of(NAMED))


def all_of(rows: Iterable[Mapping[Any, Any]]) -> AllInForce:
    """What such rows say."""
    settings: dict[SettingName, InForce] = {}
    functions: dict[str, InForce] = {}
    for row in rows:
        setting = SettingName(row["setting"])
        value = None if row["value"] is None else value_of(setting, row["value"])
        made = InForce(value, row["from_id"], row["copied_from_id"])
        if setting is SettingName.FIELD_FUNCTIONS:
            functions[row["name"]] = made
        else:
            settings[setting] = made
    return AllInForce(settings, functions)


async def effective_settings(session: WriteSession, account: Place) -> EffectiveSettings:
    """The values that are in force in the account, as `read_in_force` reads them."""
    return effective(await read_in_force(session, account))


def effective(found: AllInForce) -> EffectiveSettings:
    """The values alone."""
    limits = found.settings[SettingName.BOUNCE_LIMITS].value
    hours = found.settings[SettingName.QUIET_HOURS].value
    zone, language = found.text(SettingName.TIME_ZONE), found.text(SettingName.LANGUAGE)
    if not isinstance(limits, BounceLimits) or zone is None or language is None:
        raise AssertionError("the platform has a value for it")
    return EffectiveSettings(
        time_zone=zone,
        default_country=found.text(SettingName.DEFAULT_COUNTRY),
        language=language,
        sender_name=found.text(SettingName.SENDER_NAME),
        sender_address=found.text(SettingName.SENDER_ADDRESS),
        unsubscribe_page=found.text(SettingName.UNSUBSCRIBE_PAGE),
        campaign_approval=CampaignApproval(found.text(SettingName.CAMPAIGN_APPROVAL)),
        bounce_limits=limits,
        quiet_hours=hours if isinstance(hours, QuietHours) else None,
        field_functions={name: str(each.value) for name, each in found.functions.items()},
    )
