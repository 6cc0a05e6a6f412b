"""Arguments of every kind for every field, as literals and as variables."""

from collections.abc import Mapping

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    is_required_argument,
    is_required_input_field,
)

from engine.declare.declarations import SqlField
from engine.declare.paging import PAGE_ARGUMENTS, Order
from engine.declare.selections import sql_field
from resolvers.accounts.reads import AccountOrder
from resolvers.audit.order import EventOrder
from tests.equality.drawn.choices import Choices
from tests.equality.drawn.variables import NULL, Value, Variables
from tests.equality.drawn.vocabulary import NO_CURSORS, NO_IDS, Vocabulary

_SIZES = (0, 1, 2, 3, 5, 20, 100)
_WRONG_SIZES = (-1, 1001, 2**31 - 1)
_WRONG = 1
"""Of a hundred: one wrong argument keeps the whole operation from being compiled."""
_DAYS = ("2026-01-01", "2026-05-17", "2027-01-01")
_MOMENTS = (
    "0001-01-01T00:00:00+14:00",
    "2020-02-29T23:59:59.000005Z",
    "2999-01-01T00:00:00",
    "9999-12-31T23:59:59-14:00",
)
"""The earlier ones first."""
_WORDS = {
    "email": ("ANN.0@bücher.example", "ann.2@xn--bcher-kva.example", "nobody@b.example"),
    "emailPrefix": ("", "a", "ANN.1", "ann.2@"),
    "recipient": ("a0@example.com", "A1@Example.com", "nobody@b.example"),
    "phone": ("+46 70 000 00 01", "+46700000002"),
    "externalId": ("'1\"", "1"),
    "attribute": ("name", "big", "empty", "a"),
    "label": ("autumn", "'Ω' \"label\"", "AUTUMN"),
    "value": (str(2**53 + 1), 'Ω "quoted" \\ \x01 \u2028', '{"b": [1, -2, true]}'),
}
_CHECKED = _WORDS.keys() - {"value"}
"""Filters that refuse what nothing can fit."""
NOT_IN_THE_SCENE = {
    *("contact jobs", "import errors", "domains", "settings.differences"),
    *("webhooks", "webhookDeliveries", "pastAccess", "accessChanges"),
    *("staff.accounts", "staff.reviews", "staff.account.reviews", "staff.account.sendingSources"),
}
"""Orders of lists that are empty for every viewer: there is no cursor of theirs."""
_ORDERS = {each.name: each for orders in (AccountOrder, EventOrder) for each in orders}
_CHOOSING_THE_ORDER = {"orderBy", "emailPrefix", "attribute", "value"}
_PREFIX_BY_FIELD = {"account": "acct_", "members": "role_", "contacts": "clst_"}


class Arguments:
    """Draws the arguments of fields."""

    def __init__(self, choices: Choices, vocabulary: Vocabulary, variables: Variables) -> None:
        self._choices = choices
        self._vocabulary = vocabulary
        self._variables = variables
        self.wrong = False
        """Whether one of them is wrong: where it is read, the whole operation is refused."""

    def of(self, name: str, field: GraphQLField) -> str:
        """`(first: 2, after: $v1)`, or nothing."""
        values = self._plain(name, field)
        # Where nothing of the field is read, the reference executor does not see that it ends too early.
        self.wrong |= _ends_before_it_begins(values)
        self.wrong |= _is_of_no_attribute(values)
        declared = sql_field(field)
        if declared is not None and declared.declaration.order is not None:
            values |= self._page(_tag(declared, values))
        texts = [f"{key}: {self._text(key, field.args[key], value)}" for key, value in values.items()]
        return f"({', '.join(texts)})" if texts else ""

    def directives(self) -> str:
        """Mostly none."""
        if not self._choices.chance(6):
            return ""
        names = self._choices.some(("include", "skip"), 1, 2)
        return "".join(f" @{name}(if: {self._condition()})" for name in names)

    def _condition(self) -> str:
        if self._choices.chance(50):
            return self._variables.directive()
        return self._choices.pick(("true", "false"))

    def _text(self, key: str, argument: GraphQLArgument, value: Value) -> str:
        if not self._choices.chance(40):
            return value.literal
        # A cursor fits the order that was drawn, and no other.
        return self._variables.use(argument, value, exact=key in _CHOOSING_THE_ORDER)

    def _plain(self, name: str, field: GraphQLField) -> dict[str, Value]:
        return {
            key: self._value(argument.type, name, key)
            for key, argument in field.args.items()
            if key not in PAGE_ARGUMENTS and (is_required_argument(argument) or self._choices.chance(20))
        }

    def _value(self, type_: GraphQLInputType, field: str, argument: str) -> Value:
        if not isinstance(type_, GraphQLNonNull):
            return NULL if self._choices.chance(8) else self._present(type_, field, argument)
        return self._present(type_.of_type, field, argument)

    def _present(self, type_: GraphQLInputType, field: str, argument: str) -> Value:
        if isinstance(type_, GraphQLList):
            return self._list(type_.of_type, field, argument)
        if isinstance(type_, GraphQLEnumType):
            member = self._choices.pick(tuple(type_.values))
            return Value(member, member)
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(type_, field)
        match str(type_):
            case "Boolean":
                return Value.of(self._choices.chance(50))
            case "Date":
                return Value.of(self._choices.pick(_DAYS))
            case "DateTime":
                return Value.of(self._choices.pick(_MOMENTS))
            case "ID":
                return self._id(field)
            case "Int":
                return Value.of(self._choices.pick(_SIZES))
            case "String":
                return Value.of(self._string(argument))
        raise TypeError(f"{field}({argument}: {type_})")

    def _string(self, argument: str) -> str:
        words = self._vocabulary.searches if argument == "search" else _WORDS.get(argument, ())
        if argument in _CHECKED:
            if not self._choices.chance(_WRONG):
                return self._choices.pick(words)
            self.wrong = True
        known = words and self._choices.chance(70)
        return self._choices.pick(words) if known else self._choices.text()

    def _list(self, type_: GraphQLInputType, field: str, argument: str) -> Value:
        items = [self._value(type_, field, argument) for _ in range(self._choices.pick((0, 1, 2, 3)))]
        return Value(f"[{', '.join(item.literal for item in items)}]", [item.json for item in items])

    def _object(self, type_: GraphQLInputObjectType, field: str) -> Value:
        items = {
            name: self._value(inner.type, field, name)
            for name, inner in type_.fields.items()
            if is_required_input_field(inner) or self._choices.chance(50)
        }
        literal = ", ".join(f"{name}: {item.literal}" for name, item in items.items())
        return Value(f"{{{literal}}}", {name: item.json for name, item in items.items()})

    def _id(self, field: str) -> Value:
        if self._choices.chance(10):
            return Value.of(self._choices.pick((*NO_IDS, 42)))
        ids = self._vocabulary.ids if self._choices.chance(25) else self._vocabulary.own_ids
        prefix = _PREFIX_BY_FIELD.get(field, "")
        fitting = [id_ for id_ in ids if id_.startswith(prefix)]
        return Value.of(self._choices.pick(fitting or self._vocabulary.ids))

    def _page(self, tag: str) -> dict[str, Value]:
        """Forwards or backwards, with cursors on either side; rarely what cannot be."""
        choices = self._choices
        if choices.chance(25):
            return {}
        forward = choices.chance(60)
        page: dict[str, Value] = {}
        if not forward or choices.chance(80):
            page["first" if forward else "last"] = self._size()
        if choices.chance(45):
            page["after" if forward else "before"] = self._cursor(tag)
        if choices.chance(10):
            page["before" if forward else "after"] = self._cursor(tag)
        if choices.chance(_WRONG):
            page["last" if forward else "first"] = self._size()
            self.wrong = True
        return page

    def _size(self) -> Value:
        if self._choices.chance(5):
            return NULL
        if self._choices.chance(_WRONG):
            self.wrong = True
            return Value.of(self._choices.pick(_WRONG_SIZES))
        return Value.of(self._choices.pick(_SIZES))

    def _cursor(self, tag: str) -> Value:
        if tag in NOT_IN_THE_SCENE or self._choices.chance(5):
            return NULL
        if self._choices.chance(_WRONG):
            self.wrong = True
            others = [text for texts in self._vocabulary.cursors.values() for text in texts]
            return Value.of(self._choices.pick((*NO_CURSORS, *others)))
        return Value.of(self._choices.pick(self._vocabulary.cursors[tag]))


def _ends_before_it_begins(values: Mapping[str, Value]) -> bool:
    since, until = (values.get(name, NULL).json for name in ("since", "until"))
    if not isinstance(since, str) or not isinstance(until, str):
        return False
    known = _DAYS if since in _DAYS else _MOMENTS
    return known.index(since) > known.index(until)


def _is_of_no_attribute(values: Mapping[str, Value]) -> bool:
    value, attribute = (values.get(name, NULL).json for name in ("value", "attribute"))
    return value is not None and attribute is None


def _tag(field: SqlField, values: Mapping[str, Value]) -> str:
    order = field.declaration.order
    assert order is not None
    if isinstance(order, Order):
        return order.tag
    chosen: dict[str, object] = {}
    if (by := values.get("orderBy")) is not None:
        chosen["order_by"] = _ORDERS[str(by.json)]
    if (prefix := values.get("emailPrefix")) is not None:
        chosen["email_prefix"] = prefix.json
    return order(**chosen).tag
