"""The door of the data plane: what opens one tree's rows there to a statement.

The tree is taken from an account's row that the first wall and reach let through, so the door asks nothing.
"""

from sqlalchemy import ColumnElement, and_, func

from engine.base.preamble import Gates
from engine.declare.far import tree_value
from models.base.columns import DATA_ROLE


def gates(entering: ColumnElement[bool]) -> Gates:
    """The gates of the compiled executor. `entering`: that of the control plane. Statements of the data plane
    go to connections that have its role."""
    return Gates(entering, func.mandant_enter_tree(tree_value()))


def gates_of_snapshot(entering: ColumnElement[bool]) -> Gates:
    """The gates of the reference executor, whose transaction takes the data plane's role until it goes back
    to a savepoint. There plans are made for the values, as on connections that have the role."""
    taken = and_(
        func.set_config("plan_cache_mode", "auto", True) == "auto",
        func.set_config("role", DATA_ROLE, True) == DATA_ROLE,
        func.mandant_enter_tree(tree_value()),
    )
    return Gates(entering, taken)
