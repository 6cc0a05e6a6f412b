"""What gives a person rights besides memberships: shares, and open break-glass grants.

Most callers have none, and these joins cost every query about 12 plan nodes. So a stored function reads them,
and only where `mandant_enter` did not set `mandant.further_grants` to none. The setting is a hint and never
widens rights: without it the statement looks.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    FromClause,
    Select,
    Uuid,
    column,
    func,
    literal_column,
    select,
    true,
)

_COLUMNS = (
    column("master_id", Uuid),
    column("account_id", Uuid),
    column("from_id", Uuid),
    column("own_mask", BigInteger),
    column("below_mask", BigInteger),
    column("ends_at", DateTime(timezone=True)),
)
_THERE_MAY_BE_SOME = "current_setting('mandant.further_grants', true) IS DISTINCT FROM 'none'"


def further_grants(principal: FromClause) -> Select[Any]:
    """The caller's grants (see `authz.reach.grants.grant_rows`) besides memberships."""
    given = func.further_grants(principal.c.user_id).table_valued(*_COLUMNS).lateral()
    return (
        select(*given.c).select_from(principal.join(given, true())).where(literal_column(_THERE_MAY_BE_SOME))
    )
