"""Usage: what a billing cycle has used, what it allows, and how long it will last."""

import datetime

from sqlalchemy import BigInteger, Date, DateTime, Integer, Text, Uuid

from authz.policy.permissions import Permission
from engine.declare.codecs import enums_of
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_one
from models.accounts.tables import accounts
from resolvers.usage import by_account as usage_accounts
from resolvers.usage import forecast as usage_forecast
from resolvers.usage import reads
from resolvers.usage import warnings as usage_warnings
from resolvers.usage.warnings import UsageAction, UsageWarning
from schema.credit.types import Credit
from schema.fields.references import AccountRef

_MASK = {"mask": BigInteger()}
_NUMBER = BigInteger()
_MOMENT = DateTime(timezone=True)


@entity(accounts, carries={"used": _NUMBER, "limit": _NUMBER}, requires=Permission.PLAN_READ)
class ContactUsage:
    """The active contacts of all accounts of a subscription in a billing cycle."""

    used: int = column(
        description="The number of contacts that became active, as in `Subscription.contactsUsed`."
    )
    limit: int = column(
        description="The number of contacts that can become active: those of the plan and those bought."
    )


@entity(
    accounts,
    carries=dict.fromkeys(("used", "limit", "beyond", "left", "cap_left"), _NUMBER),
    requires=Permission.PLAN_READ,
)
class SendUsage:
    """The sends of all accounts of a subscription in a billing cycle."""

    used: int = column(description="The number of sends, including those beyond the limit.")
    limit: int = column(description="The number of sends that the plan includes, with those bought.")
    beyond: int = column(description="The number of sends beyond the limit. Each has a price.")
    left: int | None = column(
        description="The number of sends that this account can still make within the limit, without those "
        "kept for others; null if the cycle is over."
    )
    cap_left: int | None = column(
        description="The number of sends that the caps of this account and of those above still allow; null "
        "if there is no cap or the cycle is over."
    )


_DAYS = ("runs_out_on", "contacts_run_out_on", "sends_run_out_on", "credit_runs_out_on")


@entity(accounts, carries={**_MASK, **dict.fromkeys(_DAYS, Date())}, requires=Permission.PLAN_READ)
class UsageForecast:
    """When the limits of a billing cycle will be reached: a day in the subscription's time zone, today if it
    is reached already, null if the limit lasts until the cycle ends."""

    runs_out_on: datetime.date | None = column(
        description="The earliest of the days below; without CREDIT_READ, of the first two."
    )
    contacts_run_out_on: datetime.date | None = column(
        description="When no more contacts can become active. Active contacts can still be sent to."
    )
    sends_run_out_on: datetime.date | None = column(
        description="When the plan's sends are used up. After that nothing more is sent, or each send has a "
        "price."
    )
    credit_runs_out_on: datetime.date | None = column(
        requires=Permission.CREDIT_READ,
        description="When the pool's credit is used up by sends beyond the plan, if nothing else spends it; "
        "null also if the plan has no sends beyond.",
    )


@entity(accounts, carries={"sends": _NUMBER}, requires=Permission.STATISTICS_READ)
class AccountUsage:
    """The number of sends of one account."""

    account: AccountRef | None = to_one(usage_accounts.account_of)
    sends: int = column(
        description="The number of sends, including reserved ones that are not yet committed."
    )


@entity(
    accounts,
    carries={
        **_MASK,
        "number": Integer(),
        **dict.fromkeys(("starts_at", "ends_at", "seen_at"), _MOMENT),
        **dict.fromkeys(("subscriber_id", "plan_id", "cycle_id"), Uuid()),
        "time_zone": Text(),
        **dict.fromkeys(("contacts_used", "contact_limit", "sends_used", "send_limit"), _NUMBER),
        **dict.fromkeys(("send_price", "credit", "sends_left", "cap_left"), _NUMBER),
    },
    requires=Permission.STATISTICS_READ,
)
class Usage:
    """What a billing cycle of the subscription that an account uses has used. Limits belong to the
    subscription, and all of its accounts share them. Figures by account are given for this account and those
    below it."""

    starts_at: datetime.datetime = column(description="When the billing cycle started.")
    ends_at: datetime.datetime = column(
        description="When the next billing cycle starts. That moment belongs to it."
    )
    active_contacts: ContactUsage | None = to_one(reads.contacts_of, requires=Permission.PLAN_READ)
    sends: SendUsage | None = to_one(reads.sends_of, requires=Permission.PLAN_READ)
    credit: Credit | None = to_one(reads.credit_of, requires=Permission.CREDIT_READ)
    forecast: UsageForecast | None = to_one(usage_forecast.forecast_of, requires=Permission.PLAN_READ)
    warnings: list[UsageWarning] = computed(usage_warnings.warnings_of, codec=enums_of(UsageWarning))
    actions: list[UsageAction] = computed(usage_warnings.actions_of, codec=enums_of(UsageAction))
    sent: int = computed(usage_accounts.sent_of)
    accounts: Connection[AccountUsage] = connection(
        usage_accounts.accounts_of, order=usage_accounts.MOST_FIRST
    )
