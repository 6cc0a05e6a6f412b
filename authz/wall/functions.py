"""The doors through row level security, as stored functions that run as their owner.

They look into every tree, and each returns no more than it has to.
"""

from sqlalchemy import Uuid, literal_column, make_url, select

from authz.reach.status import effective_status
from authz.wall.staff_door import ACCOUNT, ENTERED, OVERRIDE, REQUEST, ColumnTypes
from engine.compiled.sql_text import prepared
from models.accounts.tables import accounts
from models.base.stored_functions import functions_in

_POSTGRESQL = make_url("postgresql+asyncpg://").get_dialect()()


def _written(types: ColumnTypes) -> str:
    return ", ".join(f"{name} {type_.compile(_POSTGRESQL)}" for name, type_ in types.items())


_SEEN_ACCOUNT = select(accounts.c.id, accounts.c.name, effective_status(accounts)).where(
    accounts.c.id == literal_column("account", Uuid)
)

FUNCTIONS = functions_in(
    __package__,
    "enter",
    "staff_door",
    "worker_door",
    entered=_written(ENTERED),
    account=_written(ACCOUNT),
    override=_written(OVERRIDE),
    request=_written(REQUEST),
    seen_account=prepared(_SEEN_ACCOUNT).sql,
)
