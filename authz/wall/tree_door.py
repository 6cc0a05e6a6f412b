"""The door of the data plane: what opens one tree's rows there to a statement.

The tree is taken from an account's row that the first wall and reach let through, so the door asks nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import ColumnElement, and_, func

from engine.base.preamble import Gates
from engine.declare.far import tree_value
from engine.writes.fixed_statements import FixedCall
from engine.writes.sessions import WriteSession
from models.accounts.trees import NAMED, InTree
from models.base.columns import APPLICATION_ROLE, DATA_ROLE


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


_ENTER = FixedCall(func.mandant_enter_tree(NAMED.master_id))


@asynccontextmanager
async def in_data_plane(session: WriteSession, tree: InTree) -> AsyncIterator[None]:
    """The session's statements inside are of the data plane, and see this tree alone. The tree comes from an
    account that a guard let through.

    Plans are made for the values there. What raises inside undoes the transaction, so nothing is put back.
    """
    # Not set_config: SET LOCAL is told to each of many databases.
    await session.send(f"SET LOCAL ROLE {DATA_ROLE}", ())
    await session.send("SET LOCAL plan_cache_mode = auto", ())
    await _ENTER.send(session, {"master_id": tree.master_id})
    yield
    await session.send(f"SET LOCAL ROLE {APPLICATION_ROLE}", ())
    await session.send("SET LOCAL plan_cache_mode = force_generic_plan", ())
