"""The stored functions that keep the histories, one for each table, and the ends of sessions."""

from models.access.histories import HISTORIES, History
from models.base.stored_functions import StoredFunction, functions_in


def _keeping(history: History) -> tuple[StoredFunction, ...]:
    def written(alias: str) -> str:
        return ", ".join(f"{alias}.{name}" for name in history.columns)

    def is_touched(alias: str) -> str:
        return " AND ".join(f"{alias}.{name} = touched.{name}" for name in history.key)

    def holder(alias: str) -> str:
        if history.holder is None:
            return "NULL"
        kind, name = history.holder
        return f"'{kind.value} ' || {alias}.{name}"

    return functions_in(
        __package__,
        "keep_history",
        table=history.table.name,
        versions=history.versions.name,
        columns=", ".join(history.columns),
        version_columns=written("version"),
        present_columns=written("present"),
        version_is_touched=is_touched("version"),
        present_is_touched=is_touched("present"),
        version_holder=holder("version"),
        present_holder=holder("present"),
    )


FUNCTIONS = (
    *(function for history in HISTORIES for function in _keeping(history)),
    *functions_in(__package__, "keep_session_ends"),
)
