"""Who is invoiced for a subaccount, and the address on an account's invoices (R27, R55)."""

from dataclasses import asdict, dataclass, fields

from sqlalchemy import insert, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import columns_of, in_account, this_account
from models.base.clock import current_moment
from models.base.ids import AccountId, new_id
from models.billing.tables import BillingMode, billing_details, billing_mode_choices
from resolvers.billing.invoiced_account import mode_of
from resolvers.billing.payers import Payer, authorize_payers
from resolvers.effects.account_versions import check_version, raise_version
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account
from resolvers.inputs.countries import check_postcode, country, vat_id
from resolvers.inputs.emails import email_address
from resolvers.inputs.text import short_text
from resolvers.inputs.unchanged import UNCHANGED, Unchanged, needed_value, new_value
from resolvers.rows.stored import stored


@dataclass(frozen=True)
class BillingModeUpdate:
    """Who is invoiced for a subaccount from now on. `expected_version`: of the account."""

    account_id: AccountId
    expected_version: int
    mode: BillingMode


async def change_billing_mode(
    session: WriteSession, principal: Principal, command: BillingModeUpdate
) -> Authorized:
    """Give a subaccount invoices of its own, or put it on those of the nearest account above that has some.

    Needs INVOICES_WRITE in the account and in that one, because it changes that one's invoices. The mode at
    the end of the current cycle decides about the whole cycle, so that each charge is on one invoice. Raises
    BILLED_ACCOUNT_REQUIRED, VersionConflict, and FAILED_PRECONDITION for a master account.
    """
    mode = command.mode
    account = await authorize(session, principal, command.account_id, Permission.INVOICES_WRITE)
    if account.account_id == account.master_id:
        message = "A master account always has invoices of its own."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    await authorize_payers(session, principal, account, Permission.INVOICES_WRITE, [Payer.BILLED_ABOVE])
    check_version(account, command.expected_version)
    current = select(mode_of(accounts)).where(this_account(accounts, account))
    before = BillingMode((await session.execute(current)).scalar_one())
    if before is mode:
        return account
    await session.send_built(
        insert(billing_mode_choices).values(
            **columns_of(account),
            id=new_id(),
            mode=mode.value,
            holds_from=current_moment(),
        )
    )
    await raise_version(session, account)
    kind = EventType.BILLING_MODE_CHANGED
    await record_of_account(session, principal, account, kind, {"mode": before.value}, {"mode": mode.value})
    return account


@dataclass(frozen=True)
class BillingDetails:
    """`country`: ISO 3166-1, two letters. `postcode` None: there is none."""

    name: str
    street: str
    postcode: str | None
    city: str
    country: str
    vat_id: str | None
    email: str | None


@dataclass(frozen=True)
class BillingDetailsUpdate:
    """The new values of BillingDetails. `expected_version`: of the account."""

    account_id: AccountId
    expected_version: int
    name: str | Unchanged = UNCHANGED
    street: str | Unchanged = UNCHANGED
    postcode: str | Unchanged | None = UNCHANGED
    city: str | Unchanged = UNCHANGED
    country: str | Unchanged = UNCHANGED
    vat_id: str | Unchanged | None = UNCHANGED
    email: str | Unchanged | None = UNCHANGED


_FIELDS = {field.name: field.name for field in fields(BillingDetails)} | {"vat_id": "vatId"}
"""The names of the input fields."""


async def update_billing_details(
    session: WriteSession, principal: Principal, command: BillingDetailsUpdate
) -> Authorized:
    """Set the name and address on invoices that are issued from now on.

    Needs INVOICES_WRITE. Raises VersionConflict, and BAD_USER_INPUT, also for first details without a name or
    a full address, and for an address without a postcode in a country that needs one.
    """
    account = await authorize(session, principal, command.account_id, Permission.INVOICES_WRITE)
    check_version(account, command.expected_version)
    own = in_account(billing_details, account)
    columns = [billing_details.c[name] for name in _FIELDS]
    row = (await session.execute(select(*columns).where(own))).one_or_none()
    before = None if row is None else BillingDetails(*row)
    after = _checked(_updated(before, command))
    if before == after:
        return account
    await session.send_built(stored(billing_details, columns_of(account), asdict(after)))
    await raise_version(session, account)
    kind = EventType.BILLING_DETAILS_UPDATED
    await record_of_account(session, principal, account, kind, None, _changed(before, after))
    return account


def _updated(before: BillingDetails | None, command: BillingDetailsUpdate) -> BillingDetails:
    old: dict[str, str | None] = {} if before is None else asdict(before)
    return BillingDetails(
        needed_value(command.name, old.get("name"), "name"),
        needed_value(command.street, old.get("street"), "street"),
        new_value(command.postcode, old.get("postcode")),
        needed_value(command.city, old.get("city"), "city"),
        needed_value(command.country, old.get("country"), "country"),
        new_value(command.vat_id, old.get("vat_id")),
        new_value(command.email, old.get("email")),
    )


def _checked(details: BillingDetails) -> BillingDetails:
    country_code = country(details.country, "country")
    check_postcode(details.postcode, country_code, "postcode")
    return BillingDetails(
        short_text(details.name, "name"),
        short_text(details.street, "street"),
        None if details.postcode is None else short_text(details.postcode, "postcode"),
        short_text(details.city, "city"),
        country_code,
        None if details.vat_id is None else vat_id(details.vat_id, "vatId"),
        None if details.email is None else email_address(details.email).original,
    )


def _changed(before: BillingDetails | None, after: BillingDetails) -> Change:
    """The changed fields. The values are for viewers of invoices."""
    old = {} if before is None else asdict(before)
    return {"changed": [_FIELDS[name] for name, value in asdict(after).items() if old.get(name) != value]}
