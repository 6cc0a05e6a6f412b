"""Global ids as arguments of read resolvers and of commands."""

import uuid
from functools import partial
from typing import Annotated

from sqlalchemy import ColumnElement, Text, Uuid, cast, func

from authz.policy.refusals import NotFound
from engine.declare.arguments import GlobalId
from models.base.ids import IdInAccount, Kind, parse, parse_in_account

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


IdText = ColumnElement[str]
"""The argument of a read resolver for something in the data plane, as in
`Annotated[IdText, in_account_of_kind(Kind.CONTACT)]`: `<account>_<id>`."""


def in_account_of_kind(kind: Kind) -> GlobalId:
    """Marks an argument as an id of this kind."""

    def parse_text(text: object) -> str | None:
        found = parse_in_account(kind, text)
        return None if found is None else f"{found.account_id}_{found.id}"

    return GlobalId(parse_text, Text())


def part_of(id: IdText, number: int) -> ColumnElement[uuid.UUID]:
    """The account in such an id (1), or what stands behind it (2)."""
    return cast(func.split_part(id, "_", number), Uuid)


def required_in_account(kind: Kind, text: str, field: str) -> IdInAccount:
    """The id in a command. Raises NotFound for text that is no id of this kind."""
    found = parse_in_account(kind, text)
    if found is None:
        raise NotFound(field)
    return found


def required(kind: Kind, text: str, field: str) -> uuid.UUID:
    """The id in a command. Raises NotFound for text that is no id of this kind."""
    found = parse(kind, text)
    if found is None:
        raise NotFound(field)
    return found
