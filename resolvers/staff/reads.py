"""What platform staff see: themselves, one account at a time, and what waits for them (R88).

The rows come from stored functions that look past row level security, see `authz.wall.staff_door`.
"""

import unicodedata
import uuid
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, cast, collate, func, literal_column, select

from authz.reach.reach import PRINCIPAL
from authz.wall import staff_door as staff_functions
from engine.base.field_errors import BadArgument
from engine.declare.arguments import Described, Folded
from engine.declare.paging import Order, Window
from engine.text.forms import search_key
from models.accounts.tables import accounts
from models.base.columns import SHORT_TEXT_LENGTH
from models.base.ids import Kind, parse
from models.staff.subaccounts_requests import subaccounts_requests
from models.staff.tables import staff
from resolvers.inputs.global_ids import Id, of_kind

BY_NAME = Order("staff.accounts", (accounts.c.search_key, accounts.c.id))
"""By name."""
_BETWEEN = "\n"
"""Stands between the forms of a search, and in none."""


def _forms(text: str) -> str:
    """What the text would be as an account's id, an address, the key of a name and an external id."""
    if len(text) > SHORT_TEXT_LENGTH:
        raise BadArgument(f"Must have at most {SHORT_TEXT_LENGTH} characters.", "search")
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    account_id = parse(Kind.ACCOUNT, plain)
    address = "".join(unicodedata.normalize("NFKC", text).lower().split())
    return _BETWEEN.join(["" if account_id is None else str(account_id), address, search_key(plain), plain])


def _form(search: ColumnElement[str], number: int) -> ColumnElement[str]:
    return func.split_part(search, literal_column("E'\\n'"), literal_column(str(number)))


OLDEST_REQUEST_FIRST = Order("staff.requests", (subaccounts_requests.c.id,))
"""Oldest first."""


def current(root: FromClause) -> Select[Any]:
    """The caller as a member of the platform's staff; null for everybody else."""
    return select(staff.c.user_id, staff.c.role).join(PRINCIPAL, PRINCIPAL.c.user_id == staff.c.user_id)


def account(
    staff_member: FromClause, id: Annotated[Id, of_kind(Kind.ACCOUNT), Described("The account's id.")]
) -> Select[Any]:
    """An account of any customer, with what overrides need, but without its people and content."""
    return select(*staff_functions.seen_account(id).c)


def found_accounts(
    staff_member: FromClause,
    search: Annotated[
        ColumnElement[str],
        Described(
            "An account's id or external id, the e-mail address of its owner, or the beginning of its name, "
            "at most 200 characters. An empty text finds nothing. In names case and accents are ignored."
        ),
        Folded(_forms),
    ],
    window: Window | None = None,
) -> Select[Any]:
    """The accounts of all customers that the text finds, sorted by name. `totalCount` counts up to 1,000 of
    them: 1,000 stands for at least so many."""
    wanted, address, beginning, external = [_form(search, number) for number in range(1, 5)]
    account_id = cast(func.nullif(wanted, literal_column("''")), Uuid)
    sought = staff_functions.Sought(account_id, address, beginning, external)
    seen = staff_functions.seen_accounts(sought, window)
    others = [column for column in seen.c if column.name != "search_key"]
    # Byte by byte, whatever the database's collation.
    return select(*others, collate(seen.c.search_key, "C").label("search_key"))


def requests(staff_member: FromClause) -> Select[Any]:
    """Pending requests for subaccounts, oldest first. `overrideCreate` grants one,
    `subaccountsRequestDecline` declines it."""
    return select(*staff_functions.seen_requests().c)


def waiting(staff_member: FromClause) -> Select[Any]:
    """Overrides that wait for approval by a second person, newest first."""
    return select(*staff_functions.seen_waiting().c)


def overrides_of(account: FromClause) -> Select[Any]:
    """All overrides of the account, newest first."""
    return select(*staff_functions.seen_overrides(account.c.id).c)


def member_id_of(override: FromClause) -> ColumnElement[uuid.UUID]:
    """For USER_RIGHTS, the member whose rights are limited; null for other kinds, and if the person is no
    longer a member."""
    return override.c.membership_id


def account_of_result(result: FromClause) -> Select[Any]:
    """The account, as staff see it."""
    return select(*staff_functions.seen_account(result.c.account_id).c)


def override_of_result(result: FromClause) -> Select[Any]:
    """The override after the change."""
    seen = staff_functions.seen_overrides(result.c.account_id)
    return select(*seen.c).where(seen.c.id == result.c.override_id)
