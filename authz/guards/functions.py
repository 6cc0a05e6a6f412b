"""The door as a stored function. What it reads of rights is written from reach's expressions."""

import re
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.types import TypeEngine

from authz.callers.principals import PrincipalKind
from authz.guards import account_row
from authz.guards.acting_grants import acting_from
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import COSTS, Permission, allows, mask_literal
from authz.reach.ends import FOREVER
from authz.reach.reach import PRINCIPAL, mask_of_account
from authz.reach.status import effective_status, status_mask
from authz.wall.freshness import current_revision
from engine.compiled.sql_text import prepared
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.base.stored_functions import functions_in, written_columns
from models.members.tables import memberships
from models.people.users import users

_UUID, _TEXT, _MASK = Uuid(), Text(), BigInteger()
COLUMNS: dict[str, TypeEngine[Any]] = {
    "revision": _TEXT,
    "held": Boolean(),
    "user_id": _UUID,
    "api_key_id": _UUID,
    "master_id": _UUID,
    "id": _UUID,
    "mask": _MASK,
    "lasting_mask": _MASK,
    "below_mask": _MASK,
    "acting_from": _UUID,
    "left_by_status": _MASK,
    "status": _TEXT,
    "is_unproved": Boolean(),
    **account_row.COLUMNS,
}
"""What the door returns: the revision of the transaction's changes, whether it locked what it had to lock,
and who the caller is. For each named account in reach it also returns what the caller may do there (see
`authz.guards.exclusive`), and the columns of the account that most writes look at."""


def _rights() -> Select[Any]:
    account = accounts.alias()
    until = func.coalesce(bindparam("until", type_=DateTime(timezone=True)), FOREVER)
    granted = mask_of_account(account, until=until)
    wanted: ColumnElement[int] = bindparam("wanted", type_=BigInteger())
    reached = (
        select(
            account.c.master_id,
            account.c.id,
            granted.c.mask,
            granted.c.lasting_mask,
            granted.c.below_mask,
            acting_from(account.c.id, wanted).label("acting_from"),
            status_mask(account).label("left_by_status"),
            effective_status(account).label("status"),
            _is_unproved(account, wanted).label("is_unproved"),
            *account_row.written(account),
        )
        .select_from(account.join(granted, true()))
        .where(
            account.c.id == any_(bindparam("account_ids", type_=ARRAY(Uuid()))),
            allows(granted.c.mask, Permission.ACCOUNT_READ),
        )
        .subquery("reached")
    )
    caller = PRINCIPAL.c.actor_user_id, PRINCIPAL.c.actor_api_key_id
    return select(current_revision(), literal_column("held"), *caller, *reached.c).select_from(
        PRINCIPAL.outerjoin(reached, true())
    )


def _is_unproved(account: FromClause, wanted: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether it costs, and no owner of the master account has proved an e-mail address. Where there is no
    owner, nobody has to."""
    owner, person = memberships.alias(), users.alias()
    some_proved = (
        select(func.bool_or(person.c.email_verified_at.is_not(None)))
        .select_from(owner.join(person, person.c.id == owner.c.user_id))
        .where(
            in_tree(owner, account, account_id="master_id"),
            owner.c.role_id == literal_column(f"'{BuiltinRole.OWNER.id}'", Uuid),
        )
        .correlate(account)
        .scalar_subquery()
    )
    costs = wanted.op("&")(mask_literal(COSTS)) != literal_column("0")
    return case((costs, func.coalesce(some_proved, true()).is_(False)), else_=false())


def _of(kind: PrincipalKind) -> str:
    """The statement about callers of the kind, with the function's arguments by name."""
    written = prepared(_rights(), kind)
    return re.sub(r"\$(\d+)", lambda found: str(written.values[int(found[1]) - 1]), written.sql)


FUNCTIONS = functions_in(
    __package__,
    "door",
    columns=written_columns(COLUMNS),
    of_person=_of(PrincipalKind.PERSON),
    of_key=_of(PrincipalKind.API_KEY),
    of_token=_of(PrincipalKind.NARROWED_TOKEN),
)
