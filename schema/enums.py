"""The enums of the lower layers, as GraphQL sees them."""

import enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from authz.permissions import Permission
from authz.refusals import RefusalCode
from models.accounts import AccountKind, AccountStatus, RightsInheritance
from resolvers.accounts import AccountOrder
from resolvers.events import EventKind
from resolvers.invitations import InvitationStatus
from resolvers.members import MemberRelation


def publish(members: type[enum.Enum], name: str | None = None, *, described_by_value: bool = False) -> None:
    """Make a GraphQL enum of it, documented by its docstring and, if asked, by its values."""
    strawberry.enum(members, name=name, description=members.__doc__)
    definition = members.__strawberry_definition__  # type: ignore[attr-defined]  # set by Strawberry
    assert isinstance(definition, StrawberryEnumDefinition)  # noqa: S101 - what Strawberry sets
    if described_by_value:
        for value in definition.values:
            value.description = str(members[value.name].value)


publish(AccountKind)
publish(AccountOrder)
publish(AccountStatus)
publish(EventKind, described_by_value=True)
publish(InvitationStatus)
publish(MemberRelation)
publish(Permission)
publish(RefusalCode, "ErrorCode", described_by_value=True)
publish(RightsInheritance)
