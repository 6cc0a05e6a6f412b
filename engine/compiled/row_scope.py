"""The rows that a compiled selection reads."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, literal_column

from engine.compiled.shared import Shared
from engine.compiled.statement_text import StatementText, Use

PRESENT = "present__"
"""A column that is NULL where a left join found nothing."""

_WORTH_IT = 100
"""Characters from which on an expression is rather computed once than written twice."""

Source = Callable[[Sequence[str]], str]
"""Writes what rows are read from, so that it shows these columns."""


def source_of(statement: StatementText, use: Use) -> Source:
    """The rows of a fragment."""
    return lambda asked: f"({statement.text(use, asked)})"


class Rows:
    """Rows, by the name that they have in a FROM.

    `same`: columns that have one value in all of the statement's rows, and that value. PostgreSQL then never
    takes it for one that it finds row by row.
    """

    def __init__(
        self, name: str, depth: int, source: Source, shared: Shared, same: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.depth = depth
        """How many sub-selects stand around them."""
        self._source = source
        self.shared = shared
        self._same = same or {}
        self._asked: dict[str, None] = {}
        self._once: dict[str, int] = {}

    def column(self, name: str) -> str:
        """A column, which is asked for by this."""
        if name in self._same:
            return self._same[name]
        self._asked[name] = None
        return f"{self.name}.{name}"

    def beside(self, name: str, depth: int, source: Source) -> "Rows":
        """Other rows of the statement."""
        return Rows(name, depth, source, self.shared, self._same)

    def once(self, text: str) -> str:
        """An expression that reads these rows alone. It is computed once for each if it is used again."""
        if len(text) < _WORTH_IT:
            return text
        number = self._once.get(text)
        if number is None:
            number = self._once[text] = self.shared.add(text)
        return self.shared.token(number)

    @property
    def shared_here(self) -> Collection[int]:
        """The numbers of the expressions over these rows."""
        return self._once.values()

    def item(self) -> str:
        """What stands in the FROM, to be asked for when all that reads the rows is written."""
        item = f"{self._source([*self._asked])} AS {self.name}"
        names = {number: f"s{place}" for place, number in enumerate(self.shared_here)}
        for level in self._levels():
            columns = [f"{self.shared.keep(n, f'{self.name}.{names[n]}')} AS {names[n]}" for n in level]
            # The fence keeps the planner from computing them at each use.
            item = f"(SELECT {self.name}.*, {', '.join(columns)} FROM {item} OFFSET 0) AS {self.name}"
        return item

    def _levels(self) -> list[list[int]]:
        """The expressions that are used again, each behind those that stand in it."""
        waiting = [number for number in self._once.values() if self.shared.is_used_again(number)]
        levels: list[list[int]] = []
        while waiting:
            behind = [number for number in waiting if self.shared.inside(number) & {*waiting}]
            levels.append([number for number in waiting if number not in behind])
            waiting = behind
        return levels


class RowScope:
    """Rows, and the to-one rows that are joined to them on the way. `beside`: what the rows are joined to
    themselves."""

    def __init__(self, rows: Rows, beside: str | None = None) -> None:
        self.rows = rows
        self._beside = beside
        self._joined: dict[Hashable, Rows] = {}

    def below(self, source: Source, beside: str | None = None) -> "RowScope":
        """Rows of a sub-select of a field of these."""
        depth = self.rows.depth + 1
        return RowScope(self.rows.beside(f"r{depth}", depth, source), beside)

    def joined(self, key: Hashable, source: Source) -> Rows:
        """At most one row for each. Equal keys have the same rows."""
        found = self._joined.get(key)
        if found is None:
            name = f"{self.rows.name}_{len(self._joined)}"
            found = self._joined[key] = self.rows.beside(name, self.rows.depth, source)
        return found

    def each(self, *columns: str) -> str:
        """A SELECT of the columns for each row."""
        # From behind: what reads rows is written before they are.
        joined = [f" LEFT JOIN LATERAL {rows.item()} ON true" for rows in reversed(self._joined.values())]
        item = self.rows.item()
        source = item if self._beside is None else f"{self._beside} JOIN LATERAL {item} ON true"
        text = f"SELECT {', '.join(columns)} FROM {source}{''.join(reversed(joined))}"
        numbers = {n for rows in (self.rows, *self._joined.values()) for n in rows.shared_here}
        return self.rows.shared.written(text, numbers) if numbers else text

    def gather(self, value: str) -> str:
        """The value as a sub-select: NULL without rows."""
        return f"({self.each(value)})"

    def gather_all(self, value: str) -> str:
        """One value for all rows together, also if nothing is aggregated."""
        return f"({self.each(value)} HAVING true)"


class JoinedRow(RowScope):
    """A to-one row. Rows below it are joined to the same outer rows."""

    def __init__(self, rows: Rows, outer: RowScope) -> None:
        super().__init__(rows)
        self._outer = outer

    @property
    def present(self) -> str:
        """Whether there is a row."""
        return f"{self.rows.column(PRESENT)} IS NOT NULL"

    def joined(self, key: Hashable, source: Source) -> Rows:
        return self._outer.joined((self.rows.name, key), source)


def to_one_rows(statement: Select[Any]) -> Select[Any]:
    """The row that a JoinedRow wants: with a mark that it is there.

    The fence makes the planner look the row up instead of joining whole tables.
    """
    return statement.add_columns(literal_column("true").label(PRESENT)).limit(1)
