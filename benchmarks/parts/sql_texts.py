"""How long the SQL text is that a query becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import parse

from benchmarks.data import Tree
from benchmarks.in_process import NoReads, answer, executor
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.shapes import Shape, ask_of
from benchmarks.stage import Stage
from server.database.connections import connect_as_application


@dataclass(frozen=True)
class Texts:
    """KB (of 1,000 characters) by shape, as a person asks."""

    sizes: Mapping[Shape, float]

    def ratios(self) -> list[Ratio]:
        return [Ratio(f"SQL text: {shape.value}", f"{self.sizes[shape]:.0f} KB") for shape in _JUDGED]

    def table(self) -> Table:
        return Table(["", "KB of SQL"], [[shape.value, f"{size:.1f}"] for shape, size in self.sizes.items()])

    def as_json(self) -> Mapping[str, object]:
        return {shape.name.lower(): round(size, 1) for shape, size in self.sizes.items()}


_JUDGED = (Shape.USAGE, Shape.ALIASES)


class _Texts(NoReads):
    """Adds up the lengths of the statements that it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.length = 0

    async def value(self, sql: str, values: Sequence[Any]) -> bytes | None:
        self.length += len(sql)
        return await super().value(sql, values)


async def _sql_texts(stage: Stage) -> Texts:
    data = await stage.data()
    return Texts(
        {shape: await _kilobytes(stage.addresses.application, shape, data.trees[0]) for shape in Shape}
    )


async def _kilobytes(database_url: str, shape: Shape, tree: Tree) -> float:
    database = connect_as_application(database_url, 1)
    texts = _Texts()
    await answer(executor(database, texts), shape.document, parse(shape.document), ask_of(shape, tree))
    await database.dispose()
    return texts.length / 1000


PART = Part(
    "sql_texts",
    "How long the SQL text is",
    "The characters of the statements that a query becomes, without its values. PostgreSQL parses and "
    "plans them the first time on each connection, and keeps those that come again.",
    _sql_texts,
)
