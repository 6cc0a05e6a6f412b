"""Queries whose statements are counted: each field that takes one is in a query."""

from tests.engine.shapes.access import ACCESS_SHAPES
from tests.engine.shapes.money import MONEY_SHAPES
from tests.engine.shapes.sending import SENDING_SHAPES
from tests.engine.shapes.work import WORK_SHAPES

SHAPES = {**ACCESS_SHAPES, **WORK_SHAPES, **MONEY_SHAPES, **SENDING_SHAPES}
NEVER_COMPILED = {
    *(
        "nodes of five kinds",
        "a preview",
        "a block list",
        "deliverability",
        "the past",
        "what a template says",
    ),
    *("statistics", "the past"),
}
FAR = {
    *("contacts", "contact lists", "lists of contacts", "contacts by their ids", "jobs"),
    *("unsubscribes and bounces", "templates", "messages", "files of messages"),
}
"""They read the data plane too."""
