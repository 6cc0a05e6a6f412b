"""All parts, in the order in which they are measured."""

from benchmarks.parts import (
    busy_tree,
    cold,
    cold_connections,
    contact_pages,
    contest,
    first_time,
    growth,
    imports,
    memory,
    mixed,
    neighbours,
    processes,
    sends,
    sql_texts,
    storms,
    wall,
)

PARTS = (
    *contest.PARTS,
    cold_connections.PART,
    mixed.PART,
    storms.PART,
    busy_tree.PART,
    neighbours.PART,
    processes.PART,
    wall.PART,
    first_time.PART,
    sql_texts.PART,
    cold.PART,
    memory.PART,
    sends.PART,
    imports.PART,
    contact_pages.PART,
    growth.PART,
)
