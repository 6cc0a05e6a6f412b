"""The doors through row level security, as stored functions that run as their owner.

They look into every tree, and each returns no more than it has to.
"""

from sqlalchemy import Uuid, column, literal_column, select, table

from authz.policy.builtin_roles import BuiltinRole
from authz.reach.status import effective_status
from authz.wall.staff_door import ACCOUNT, ENTERED, OVERRIDE, REQUEST, REVIEW, SAMPLE, SOURCE
from engine.compiled.sql_text import prepared
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.base.stored_functions import functions_in, written_columns

_ACCOUNT = select(
    accounts.c.id,
    accounts.c.name,
    accounts.c.external_id,
    effective_status(accounts),
    accounts.c.search_key,
)
_SEEN_ACCOUNT = _ACCOUNT.where(accounts.c.id == literal_column("account", Uuid))
_FOUND = table("found", column("master_id"), column("id"))
_FOUND_ACCOUNTS = _ACCOUNT.join(_FOUND, in_tree(_FOUND, accounts, id="id"))

_KEYS = ("first_key", "last_key")
_OWNED = (
    "ARRAY(SELECT owned.account_id FROM users AS owner JOIN ownerships AS owned ON owned.user_id = owner.id"
    " WHERE owner.email_canonical = owner_address)"
)
_WAYS = (
    ("beginning <> ''", ("first_name", "last_name")),
    ("sought.id = wanted_id", _KEYS),
    ("sought.external_id = external", _KEYS),
    (f"sought.id = ANY ({_OWNED})", _KEYS),
)
"""How staff find accounts, each with the first and the last key that it looks at."""


def _found(*, backward: bool) -> str:
    """The accounts that a search finds, as many as a page has: those of each way, merged."""
    order = "search_key USING ~>~, id DESC" if backward else "search_key USING ~<~, id"
    streams = " UNION ".join(
        "(SELECT sought.master_id, sought.id, sought.search_key FROM accounts AS sought"  # noqa: S608
        f" WHERE {way} AND search_key ~>=~ {first} AND search_key ~<=~ {last}"
        " AND (low_id IS NULL OR search_key <> low_key OR id > low_id)"
        " AND (high_id IS NULL OR search_key <> high_key OR id < high_id)"
        " AND NOT mandant_second_factor_bars(principal, sought.master_id, sought.id)"
        f" ORDER BY {order} LIMIT most)"
        for way, (first, last) in _WAYS
    )
    merged = f"SELECT * FROM ({streams}) AS stream ORDER BY {order} LIMIT most"  # noqa: S608 - constants
    return f"WITH found AS ({merged}) {prepared(_FOUND_ACCOUNTS).sql}"


FUNCTIONS = functions_in(
    __package__,
    "enter",
    "staff_door",
    "worker_door",
    "feedback_door",
    "single_sign_on_door",
    "webhook_door",
    owner=str(BuiltinRole.OWNER.id),
    entered=written_columns(ENTERED),
    account=written_columns(ACCOUNT),
    override=written_columns(OVERRIDE),
    request=written_columns(REQUEST),
    review=written_columns(REVIEW),
    source=written_columns(SOURCE),
    sample=written_columns(SAMPLE),
    seen_account=prepared(_SEEN_ACCOUNT).sql,
    found_forward=_found(backward=False),
    found_backward=_found(backward=True),
)
