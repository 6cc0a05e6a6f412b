"""The schema `past`: what reach reads, as it was at a moment.

It has a view for each table that reach reads, with the table's name and columns, and a function `now` that
answers the moment in question. A statement of reach whose search path is `past` alone is thereby the same
statement about that moment, and a table that has no view there is no table to it at all. What has no history,
such as a name, is today's.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from authz.guards.parent_link import PASSING
from authz.past import triggers
from models.access.histories import HISTORIES, History
from models.accounts.tables import EVERYTHING_PASSES
from models.base.columns import APPLICATION_ROLE
from models.people.sessions import sessions


@dataclass(frozen=True)
class _View:
    name: str
    query: str

    @property
    def digest(self) -> str:
        """Stands in the view's comment, to tell whether the view is this one."""
        return hashlib.sha256(self.query.encode()).hexdigest()


def _as_of_moment(history: History) -> _View:
    table, kept = history.table, set(history.columns)
    columns = ", ".join(
        f"{'version' if column.name in kept else 'present'}.{column.name}" for column in table.columns
    )
    same = " AND ".join(f"present.{name} = version.{name}" for name in history.key)
    return _View(
        table.name,
        f"SELECT {columns} FROM public.{history.versions.name} AS version "
        f"LEFT JOIN public.{table.name} AS present ON {same} "
        "WHERE version.holds_from <= past.now() AND version.holds_until > past.now()",
    )


def _closure() -> _View:
    """The paths to the accounts of that moment. A path passes what all of its links pass."""
    modes = " ".join(f"WHEN '{mode.value}' THEN {passing.at_rest}" for mode, passing in PASSING.items())
    passed = (
        f"SELECT bit_and(CASE link.parent_access {modes} END) FROM public.account_closure AS above "
        "JOIN past.accounts AS link ON link.master_id = above.master_id AND link.id = above.ancestor_id "
        "WHERE above.master_id = path.master_id AND above.descendant_id = path.descendant_id "
        "AND above.depth < path.depth"
    )
    return _View(
        "account_closure",
        "SELECT path.master_id, path.ancestor_id, path.descendant_id, path.depth, "
        f"coalesce(({passed}), {EVERYTHING_PASSES}) AS passed_mask "
        "FROM public.account_closure AS path JOIN past.accounts AS account "
        "ON account.master_id = path.master_id AND account.id = path.descendant_id",
    )


def _sessions() -> _View:
    """When each session ends, or has ended. They have no beginning here: no narrowed token is older than its
    session."""
    ended = "SELECT FROM public.session_ends AS ended WHERE ended.id = present.id"
    return _View(
        sessions.name,
        "SELECT id, user_id, digest, ended_at AS expires_at FROM public.session_ends "
        "UNION ALL SELECT id, user_id, digest, expires_at FROM public.sessions AS present "
        f"WHERE NOT EXISTS ({ended})",
    )


_VIEWS = (
    *map(_as_of_moment, HISTORIES),
    _closure(),
    _sessions(),
    _View("users", "SELECT id, name, email_canonical FROM public.users"),
)
"""Each after those that it reads."""


def synchronize(connection: Connection) -> None:
    """Write the views and the triggers. Part of `mandant migrate`, once the functions are written."""
    if _views_differ(connection):
        for view in reversed(_VIEWS):
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS past.{view.name}")
        for view in _VIEWS:
            for statement in _written(view):
                connection.exec_driver_sql(statement)
    triggers.synchronize(connection)


def differs(connection: Connection) -> bool:
    """Whether a view is another one, or a history is not kept."""
    return _views_differ(connection) or triggers.differs(connection)


def _views_differ(connection: Connection) -> bool:
    statement = text(
        "SELECT relname, obj_description(pg_class.oid, 'pg_class') FROM pg_class "
        "WHERE relnamespace = to_regnamespace('past') AND relkind = 'v'"
    )
    found = {row[0]: row[1] for row in connection.execute(statement)}
    return found != {view.name: view.digest for view in _VIEWS}


def _written(view: _View) -> Iterator[str]:
    yield f"CREATE VIEW past.{view.name} WITH (security_invoker = true) AS {view.query}"
    yield f"COMMENT ON VIEW past.{view.name} IS '{view.digest}'"
    yield f"GRANT SELECT ON past.{view.name} TO {APPLICATION_ROLE}"
