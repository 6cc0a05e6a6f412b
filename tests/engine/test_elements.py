"""Looking through statements whose parts are used more than once."""

from sqlalchemy import CTE, Select, column, select, table
from sqlalchemy.sql import visitors

from engine.base.elements import elements_of


def stacked(height: int) -> Select[tuple[object]]:
    """A statement of CTEs, each of which uses the one below it twice."""
    rows = select(table("t", column("id"))).cte("level0")
    for level in range(1, height):
        again = rows.alias()
        rows = select(rows.c.id).join(again, again.c.id == rows.c.id).cte(f"level{level}")
    return select(rows.c.id)


def test_the_same_elements_as_sqlalchemy_finds() -> None:
    statement = stacked(3)
    found = list(elements_of(statement))
    expected = {id(element) for element in visitors.iterate(statement) if isinstance(element, CTE)}
    assert {id(element) for element in found if isinstance(element, CTE)} == expected
    assert expected


def test_each_element_once() -> None:
    """A statement that grows with its height, not with two to the power of it."""
    heights = (10, 20, 40)
    counts = [len(list(elements_of(stacked(height)))) for height in heights]
    found = list(elements_of(stacked(10)))
    assert len({id(element) for element in found}) == len(found)
    assert counts[2] - counts[1] == 2 * (counts[1] - counts[0])
