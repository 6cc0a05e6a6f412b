"""Forms of a text that are stored beside it, for sorting, searching and comparing.

Python makes them, not the database. So they are the same whatever the database's locale, and whether or not
it was built with ICU. Another version of ICU may make other forms: then `mandant migrate` makes all of them
again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Connection,
    Integer,
    LargeBinary,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.engine.default import DefaultExecutionContext

from engine.text.forms import VERSION, search_key, sort_key
from models.base.columns import Column, metadata
from models.base.planes import control_table

_BATCH = 1_000

text_forms = control_table(
    "text_forms",
    Column("id", Integer, primary_key=True, autoincrement=False, comment="There is one version."),
    Column("version", Text, nullable=False, comment="Whose forms of texts the rows have."),
    CheckConstraint("id = 1", name="one"),
)


@dataclass(frozen=True)
class _Form:
    """The form that a column holds of the text in another column."""

    of: str
    make: Callable[[str], object]


def form(name: str, make: Callable[[str], object], *, of: str = "name") -> Column[Any]:
    """A column for a form of the text in column `of`. An INSERT fills it by itself. An UPDATE sets it by
    `forms_of`."""

    def made(context: DefaultExecutionContext) -> object:
        given = context.get_current_parameters()  # type: ignore[no-untyped-call]
        return make(str(given[of]))

    kind = LargeBinary() if make is sort_key else Text()
    return Column(name, kind, nullable=False, default=made, info={_Form: _Form(of, make)})


def sort_form(*, of: str = "name") -> Column[bytes]:
    """A column that lists are sorted by, in the order of ICU's root collation."""
    return form("sort_key", sort_key, of=of)


def search_form(*, of: str = "name") -> Column[str]:
    """A column that is searched, without regard to case and accents."""
    return form("search_key", search_key, of=of)


def forms_of(table: Table, text: str, *, of: str = "name") -> dict[str, object]:
    """The values of all columns that hold forms of the text, for an UPDATE of the text."""
    return {name: found.make(text) for name, found in _forms(table).items() if found.of == of}


def synchronize(connection: Connection) -> None:
    """Make all forms again where another version of ICU made them. Part of `mandant migrate`."""
    if not differs(connection):
        return
    for table in metadata.sorted_tables:
        if _forms(table):
            make_anew(connection, table)
    connection.execute(delete(text_forms))
    connection.execute(insert(text_forms).values(id=1, version=VERSION))


def differs(connection: Connection) -> bool:
    """Whether another version of ICU made the stored forms: then `mandant migrate` is due."""
    return connection.execute(select(text_forms.c.version)).scalar_one_or_none() != VERSION


def make_anew(connection: Connection, table: Table) -> None:
    """Write the forms of all of the table's rows."""
    key, found = list(table.primary_key.columns), _forms(table)
    this = and_(*[column == bindparam(f"key_{column.name}") for column in key])
    write = update(table).where(this).values({name: bindparam(f"new_{name}") for name in found})
    sources = {column.of: table.c[column.of] for column in found.values()}
    rows = connection.execute(select(*key, *(sources[name].label(f"of_{name}") for name in sources)))
    for batch in rows.partitions(_BATCH):
        connection.execute(
            write,
            [
                {f"key_{column.name}": row._mapping[column] for column in key}
                | {
                    f"new_{name}": column.make(row._mapping[f"of_{column.of}"])
                    for name, column in found.items()
                }
                for row in batch
            ],
        )


def _forms(table: Table) -> dict[str, _Form]:
    return {column.name: column.info[_Form] for column in table.columns if _Form in column.info}
