"""The doors through row level security, as stored functions that run as their owner.

They look into every tree, and each returns no more than it has to.
"""

from sqlalchemy import Uuid, literal_column, select

from authz.policy.builtin_roles import BuiltinRole
from authz.reach.status import effective_status
from authz.wall.staff_door import ACCOUNT, ENTERED, OVERRIDE, REQUEST, REVIEW, SAMPLE, SOURCE
from engine.compiled.sql_text import prepared
from models.accounts.tables import accounts
from models.base.stored_functions import functions_in, written_columns

_SEEN_ACCOUNT = select(accounts.c.id, accounts.c.name, effective_status(accounts)).where(
    accounts.c.id == literal_column("account", Uuid)
)

FUNCTIONS = functions_in(
    __package__,
    "enter",
    "staff_door",
    "worker_door",
    "feedback_door",
    "single_sign_on_door",
    owner=str(BuiltinRole.OWNER.id),
    entered=written_columns(ENTERED),
    account=written_columns(ACCOUNT),
    override=written_columns(OVERRIDE),
    request=written_columns(REQUEST),
    review=written_columns(REVIEW),
    source=written_columns(SOURCE),
    sample=written_columns(SAMPLE),
    seen_account=prepared(_SEEN_ACCOUNT).sql,
)
