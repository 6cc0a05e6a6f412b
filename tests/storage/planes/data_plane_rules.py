"""What tables of the data plane must be like, so that each tree can be in one of many databases."""

from collections.abc import Iterator

from sqlalchemy import DateTime, FetchedValue, ForeignKeyConstraint, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.schema import DefaultClause
from sqlalchemy.sql.functions import now

from models.base.planes import plane_of

_ACCOUNT = ["master_id", "account_id"]

_REPEATED = {"contact_values": {"contact_id"}, "message_attachments": {"attachment_id"}}
"""Tables that repeat what others hold, to find it by, and the ids that their rows go by. They have no foreign
key, which would look up the other row for each."""

_DIVIDED = {"message_events": ["message_id", "id"]}
"""Tables that are divided by the ids of others, and their keys in an account."""

_ADDED_UP = {"statistics", "subtree_statistics", "recipient_statistics"}
"""Tables of sums: a row is found by what its numbers are of, a moment among it."""


def faults(table: Table) -> list[str]:
    """What in its description is against the rules."""
    return [*_of_keys(table), *_of_foreign_keys(table), *_of_defaults(table)]


def _of_keys(table: Table) -> Iterator[str]:
    key = list(table.primary_key.columns)
    linked = {name for constraint in table.foreign_key_constraints for name in constraint.column_keys}
    linked |= _REPEATED.get(table.name, set())
    named = [column.name for column in key]
    is_sum = table.name in _ADDED_UP
    is_own = named[2:] in (["id"], _DIVIDED.get(table.name)) or (named[2:] and named[-1] in linked)
    if named[:2] != _ACCOUNT or not (is_own or is_sum):
        yield "key"
    types = (Uuid, Text, DateTime) if is_sum else (Uuid, Text)
    if any(not isinstance(column.type, types) for column in key):
        yield "number"
    unique = [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    indexes = [index for index in table.indexes if index.unique]
    for columns in [*(list(each.columns) for each in unique), *(list(each.columns) for each in indexes)]:
        if [column.name for column in columns][:2] != _ACCOUNT:
            yield "unique"


def _of_foreign_keys(table: Table) -> Iterator[str]:
    for constraint in table.foreign_key_constraints:
        if plane_of(constraint.referred_table) is not plane_of(table):
            yield "plane"
        if not _inside_an_account(constraint):
            yield "reference"
        if constraint.ondelete or constraint.onupdate or constraint.deferrable:
            yield "action"


def _inside_an_account(constraint: ForeignKeyConstraint) -> bool:
    own = [element.parent.name for element in constraint.elements]
    others = [element.column.name for element in constraint.elements]
    return own[:2] == others[:2] == _ACCOUNT


def _of_defaults(table: Table) -> Iterator[str]:
    for column in table.columns:
        if column.server_default is not None and not _is_now(column.server_default):
            yield "default"


def _is_now(default: FetchedValue) -> bool:
    return isinstance(default, DefaultClause) and isinstance(default.arg, now)
