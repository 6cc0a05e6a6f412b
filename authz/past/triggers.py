"""The triggers that keep the past: the histories of what reach reads, and the ends of sessions."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from models.access.histories import HISTORIES, History
from models.people.sessions import sessions

_TOUCHED = {"INSERT": "NEW", "UPDATE": "OLD", "DELETE": "OLD"}
"""After what a history is kept, and by which rows what was touched is known."""
_ENDING = {
    "DELETE": "FOR EACH ROW",
    "UPDATE OF expires_at": "FOR EACH ROW WHEN (old.expires_at > clock_timestamp() "
    "AND new.expires_at <= clock_timestamp())",
}
"""After what the end of a session is noted. Its uses, which move the end, call nothing."""
_SESSION_ENDS = "mandant_keep_session_ends"


def synchronize(connection: Connection) -> None:
    """Write the triggers that are not there.

    A table that gets its triggers is locked, so that its history begins with the rows of one moment.
    """
    bare = [history for history in HISTORIES if not _is_kept(connection, history)]
    for history in bare:
        for statement in _triggers_of(history):
            connection.exec_driver_sql(statement)
    if not _ends_are_kept(connection):
        for statement in _triggers_of_ends():
            connection.exec_driver_sql(statement)
    moment = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    for history in bare:
        connection.execute(text(_begun(history)), {"moment": moment})


def differs(connection: Connection) -> bool:
    """Whether a history, or the ends of sessions, are not kept."""
    kept = all(_is_kept(connection, history) for history in HISTORIES)
    return not (kept and _ends_are_kept(connection))


def _is_kept(connection: Connection, history: History) -> bool:
    name = history.table.name
    return _triggers(connection, name, f"mandant_keep_{name}") == len(_TOUCHED)


def _ends_are_kept(connection: Connection) -> bool:
    return _triggers(connection, sessions.name, _SESSION_ENDS) == len(_ENDING)


def _triggers(connection: Connection, table: str, function: str) -> int:
    """How many triggers of the table call the function."""
    statement = text(
        "SELECT count(*) FROM pg_trigger WHERE tgrelid = to_regclass(:table) AND NOT tgisinternal "
        "AND tgenabled = 'O' AND tgfoid = to_regproc(:function)"
    )
    found: int = connection.execute(
        statement, {"table": f"public.{table}", "function": function}
    ).scalar_one()
    return found


def _triggers_of(history: History) -> Iterator[str]:
    table = history.table.name
    for event, rows in _TOUCHED.items():
        yield (
            f"CREATE OR REPLACE TRIGGER keep_history_of_{event.lower()} AFTER {event} ON {table} "
            f"REFERENCING {rows} TABLE AS touched "
            f"FOR EACH STATEMENT EXECUTE FUNCTION mandant_keep_{table}()"
        )


def _triggers_of_ends() -> Iterator[str]:
    for event, rows in _ENDING.items():
        yield (
            f"CREATE OR REPLACE TRIGGER keep_ends_by_{event.split()[0].lower()} AFTER {event} "
            f"ON {sessions.name} {rows} EXECUTE FUNCTION {_SESSION_ENDS}()"
        )


def _begun(history: History) -> str:
    columns = ", ".join(history.columns)
    same = " AND ".join(f"version.{name} = present.{name}" for name in history.key)
    return (
        f"INSERT INTO {history.versions.name} ({columns}, holds_from, holds_until) "
        f"SELECT {columns}, :moment, 'infinity' FROM {history.table.name} AS present "
        f"WHERE NOT EXISTS (SELECT FROM {history.versions.name} AS version "
        f"WHERE {same} AND version.holds_until = 'infinity')"
    )
