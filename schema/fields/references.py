"""Lazy references to types of other areas, so that a type can name them without an import."""

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import strawberry

if TYPE_CHECKING:
    Account: TypeAlias = Any
    ApiKey: TypeAlias = Any
    Invitation: TypeAlias = Any
    Member: TypeAlias = Any
    NarrowedToken: TypeAlias = Any
    OwnershipOffer: TypeAlias = Any
    ReceivedInvitation: TypeAlias = Any
    RoleUse: TypeAlias = Any
    SecondFactor: TypeAlias = Any
    Session: TypeAlias = Any
    Share: TypeAlias = Any

AccountRef = Annotated["Account", strawberry.lazy("schema.accounts.types")]
ApiKeyRef = Annotated["ApiKey", strawberry.lazy("schema.api_keys.types")]
InvitationRef = Annotated["Invitation", strawberry.lazy("schema.invitations.types")]
MemberRef = Annotated["Member", strawberry.lazy("schema.members.types")]
NarrowedTokenRef = Annotated["NarrowedToken", strawberry.lazy("schema.narrowed_tokens.types")]
OwnershipOfferRef = Annotated["OwnershipOffer", strawberry.lazy("schema.members.types")]
ReceivedInvitationRef = Annotated["ReceivedInvitation", strawberry.lazy("schema.invitations.types")]
RoleUseRef = Annotated["RoleUse", strawberry.lazy("schema.access.types")]
SecondFactorRef = Annotated["SecondFactor", strawberry.lazy("schema.second_factor.types")]
SessionRef = Annotated["Session", strawberry.lazy("schema.sessions.types")]
ShareRef = Annotated["Share", strawberry.lazy("schema.shares.types")]
