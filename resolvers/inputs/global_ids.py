"""Global ids as arguments of read resolvers and of commands."""

import uuid
from functools import partial
from typing import Annotated

from sqlalchemy import ColumnElement, Text

from authz.policy.refusals import NotFound
from engine.declare.arguments import GlobalId
from models.base.ids import Kind, parse

Id = ColumnElement[uuid.UUID]
"""The argument of a read resolver, as in `Annotated[Id, of_kind(Kind.ACCOUNT)]`."""


def of_kind(kind: Kind) -> GlobalId:
    """Marks an argument as an id of this kind."""
    return GlobalId(partial(parse, kind))


def parse_member(text: object) -> str | None:
    """`<membership>_` or, for a member seen from an account below, `<membership>_<account>`."""
    if not isinstance(text, str):
        return None
    member, account = text[:41], text[42:]
    membership_id = parse(Kind.MEMBER, member)
    if membership_id is None:
        return None
    if len(text) == len(member):
        return f"{membership_id}_"
    account_id = parse(Kind.ACCOUNT, f"{Kind.ACCOUNT}_{account}") if text[41] == "_" else None
    return None if account_id is None else f"{membership_id}_{account_id}"


MemberIdArgument = Annotated[ColumnElement[str], GlobalId(parse_member, Text())]


def required(kind: Kind, text: str, field: str) -> uuid.UUID:
    """The id in a command. Raises NotFound for text that is no id of this kind."""
    found = parse(kind, text)
    if found is None:
        raise NotFound(field)
    return found
