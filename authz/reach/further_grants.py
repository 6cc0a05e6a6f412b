"""What gives a person rights besides memberships: shares, and broken glass.

Few have any. As a part of every statement it would be a dozen parts of a plan, which PostgreSQL sets up and
takes down for everybody; so the database's function `further_grants` reads it, and only where `mandant_enter`
has not told that there is nothing. That decides no rights: what there is gives what `authz.reach.reach` says,
and where nothing was told, it is looked for.
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
    """The grants (see `authz.reach.grants.grant_rows`) of the person who asks, as far as they are no
    memberships."""
    given = func.further_grants(principal.c.user_id).table_valued(*_COLUMNS).lateral()
    return (
        select(*given.c).select_from(principal.join(given, true())).where(literal_column(_THERE_MAY_BE_SOME))
    )
