"""A null with an error beside it, inside a far field: its marker is settled as any other."""

from typing import Any

import strawberry
from graphql import parse
from sqlalchemy import FromClause, Select, Uuid, bindparam, literal_column, select, true

from authz.wall.tree_door import gates
from engine.compiled.denials import settled
from engine.compiled.query_plans import Asked, QueryPlans, WholeQuery
from engine.declare.connections import Connection
from engine.declare.declarations import computed, connection, entity, to_one
from engine.declare.far import FarParent
from models.accounts.trees import in_tree
from models.contacts.tables import contacts
from resolvers.contacts import filters, reads
from server.database.read_pools import ReadPools
from server.embedded_postgres import DatabaseAddresses
from tests.world.contacts import contact_id, give_contacts
from tests.world.world import World

_PLACE = {"master_id": Uuid(), "id": Uuid()}


def _place(root: FromClause) -> Select[Any]:
    """An account that the statement is told."""
    columns: list[Any] = [
        bindparam(name, type_=type_, required=True).label(name) for name, type_ in _PLACE.items()
    ]
    return select(*columns)


def _of_the_accounts_id(contact: FromClause) -> Select[Any]:
    """There is none."""
    other = contacts.alias()
    same_account = in_tree(other, contact, account_id="account_id")
    found: Select[Any] = select(*other.c).where(same_account, other.c.id == contact.c.account_id)
    return found


@entity(contacts, key=("master_id", "account_id", "id"), far=True)
class Person:
    """A contact, with one beside it that is missing."""

    id: str = computed(reads.id_of)
    missing: "Person | None" = to_one(_of_the_accounts_id, absent="NOT_FOUND")


@entity(None, carries=_PLACE)
class Holder:
    """An account."""

    people: Connection[Person] = connection(reads.of_account, order=filters.NEWEST_FIRST, far=FarParent())


@strawberry.type
class Query:
    """The root."""

    holder: Holder | None = to_one(_place)


_SOURCE = "{ holder { people { nodes { id missing { id } } edges { node { gone: missing { id } } } } } }"


async def test_what_is_missing_inside_a_far_field_is_told_with_its_path(
    addresses: DatabaseAddresses, world: World
) -> None:
    account = await world.account()
    newest, oldest = reversed(await give_contacts(world, account, 2))
    principal = select(literal_column("1").label("id")).cte("principal")
    plans = QueryPlans(strawberry.Schema(Query), gates(true()))
    plan, _ = plans.find(Asked(_SOURCE, parse(_SOURCE), None, {}), WholeQuery(principal, None))
    assert plan.far is not None
    pools = ReadPools.open(addresses.application, 1)
    values = plan.values({}, {"master_id": account.master, "id": account.key})
    answer = await pools.answer(plan.statement.sql, values, plan.far.read({}))
    await pools.close()
    assert answer is not None
    data, errors = settled(answer, plan.denials)
    nodes = [{"id": contact_id(account, key), "missing": None} for key in (newest, oldest)]
    assert data == {"holder": {"people": {"nodes": nodes, "edges": [{"node": {"gone": None}}] * 2}}}
    assert {error.extensions["code"] for error in errors if error.extensions} == {"NOT_FOUND"}
    people = ["holder", "people"]
    expected = [[*people, "nodes", place, "missing"] for place in (0, 1)]
    expected += [[*people, "edges", place, "node", "gone"] for place in (0, 1)]
    assert [error.path for error in errors] == expected
