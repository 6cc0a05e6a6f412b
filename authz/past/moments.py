"""The moments that can be asked about, and who held rights at one."""

import datetime
import uuid
from collections.abc import Mapping

from sqlalchemy import BigInteger, ColumnElement, FromClause, Uuid, and_, column, func, select

from authz.policy.builtin_roles import BuiltinRole
from models.access.histories import HISTORIES
from models.roles.tables import roles

SEARCH_PATH = "past, pg_catalog, pg_temp"
"""With it a statement of reach is about the moment in `mandant.moment`. It finds nothing of the present."""

(_ROLES,) = (history.versions for history in HISTORIES if history.table is roles)


def known_since() -> ColumnElement[datetime.datetime]:
    """When the histories begin: at the migration that made them, where the built-in roles were already."""
    first = func.min(_ROLES.c.holds_from)
    return select(first).where(_ROLES.c.id == BuiltinRole.OWNER.id).scalar_subquery()


def is_known(moment: ColumnElement[datetime.datetime]) -> ColumnElement[bool]:
    """Whether the histories tell of the moment: it is neither before they begin nor in the future."""
    return and_(moment >= known_since(), moment <= func.now())


def settings_of(moment: datetime.datetime) -> Mapping[str, str]:
    """What the database has to be told, so that a statement of reach is about the moment."""
    return {"search_path": SEARCH_PATH, "mandant.moment": moment.isoformat()}


def access_at(
    master_id: ColumnElement[uuid.UUID],
    account_id: ColumnElement[uuid.UUID],
    moment: ColumnElement[datetime.datetime],
) -> FromClause:
    """Who held rights in an account at a known moment: rows (user_id, api_key_id, token_id, mask). The mask
    is what the account's status left. `token_id`: of a narrowed token, whose row names whom it acted for."""
    ids = (column(name, Uuid) for name in ("user_id", "api_key_id", "token_id"))
    found = func.past.access_at(master_id, account_id, moment)
    return found.table_valued(*ids, column("mask", BigInteger)).lateral()
