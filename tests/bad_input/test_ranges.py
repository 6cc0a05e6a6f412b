"""Ranges that end before they begin are refused, wherever there is one, by both executors."""

import datetime

import pytest
from graphql import GraphQLObjectType, get_named_type
from sqlalchemy import ColumnElement

from authz.policy.builtin_roles import BuiltinRole
from engine.base.moments import Range
from engine.declare.arguments import checks_in, declared
from engine.declare.selections import sql_field
from tests.client.api import Api
from tests.client.schema import SCHEMA
from tests.engine.paths import Path
from tests.world.world import World

_COSTS = "costs(since: $since, until: $until) { totalCount }"
_VARIABLES = "query ($id: ID!, $since: DateTime!, $until: DateTime!) { account(id: $id) { name %s } }"
_LITERALS = "query ($id: ID!) { account(id: $id) { name %s } }"
_IN_2026, _IN_2027 = "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"


@pytest.mark.parametrize("path", Path)
async def test_a_range_that_ends_before_it_begins_is_refused(api: Api, world: World, path: Path) -> None:
    """The field is null beside its error; its siblings are there. An empty one is a range."""
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    in_text = _COSTS.replace("$since", f'"{_IN_2027}"').replace("$until", f'"{_IN_2026}"')
    for query, times in (
        (_VARIABLES % _COSTS, {"since": _IN_2027, "until": _IN_2026}),
        # The same hour of the day, but an hour earlier by its offset.
        (_VARIABLES % _COSTS, {"since": "2026-01-01T00:00:00", "until": "2026-01-01T00:00:00+01:00"}),
        (_LITERALS % in_text, {}),
    ):
        answer = await api.ask(path.of(query), owner, id=owner.account.id, **times)
        assert answer.codes == ["BAD_USER_INPUT"], times
        (error,) = answer.errors
        assert (error["path"], error["extensions"]["argument"]) == (["account", "costs"], "until")
        assert answer.data["account"] == {"name": owner.account.name, "costs": None}
    empty = {"since": _IN_2026, "until": "2026-01-01T01:00:00+01:00"}
    answer = await api.ask(path.of(_VARIABLES % _COSTS), owner, id=owner.account.id, **empty)
    assert (answer.codes, answer.data["account"]["costs"]) == ([], {"totalCount": 1})


def test_every_field_with_two_moments_has_a_range() -> None:
    """A new one that forgets it is found here, or when the schema is built."""
    types = SCHEMA.type_map.values()
    found = {}
    for type_ in types:
        for name, field in type_.fields.items() if isinstance(type_, GraphQLObjectType) else ():
            kinds = [get_named_type(argument.type).name for argument in field.args.values()]
            if sum(kind in ("DateTime", "Date") for kind in kinds) > 1:
                of_sql = sql_field(field)
                read = None if of_sql is None else of_sql.declaration.read
                checks = [] if read is None else checks_in(read, {})
                ends = [each.end_name for each in checks if isinstance(each, Range)]
                found[f"{type_.name}.{name}"] = ends
    checked_in_python: dict[str, list[str]] = {"Query.statistics": [], "Query.recipientStatistics": []}
    assert found == {"Account.costs": ["until"], "Account.events": ["until"]} | checked_in_python


def test_two_moments_without_a_range_are_refused_when_the_schema_is_built() -> None:
    moment = ColumnElement[datetime.datetime]

    def read(rows: object, one: object, other: object) -> None:
        """Nothing."""

    read.__annotations__ = {"one": moment, "other": moment}
    with pytest.raises(TypeError, match="which of"):
        list(declared(read))
