"""The facts that decide whether somebody may do something in an account."""

import datetime
import enum
from collections.abc import Collection
from dataclasses import dataclass

from authz.policy.compiler import PolicyLine, RoleMasks
from authz.policy.permissions import Area, Permission
from models.accounts.tables import AccountStatus, ParentAccess, RightsInheritance
from models.base.ids import (
    AccessPromiseId,
    AccountId,
    ApiKeyId,
    BreakGlassId,
    Kind,
    MasterId,
    MembershipId,
    NarrowedTokenId,
    RoleId,
    ShareId,
    UserId,
    present,
)
from models.roles.tables import Relation


class Viewpoint(enum.Enum):
    """Who reads an explanation."""

    ASKER = "a caller of the API: names only what they may see"
    OPERATOR = "whoever runs the database: names everything"


@dataclass(frozen=True)
class AskedAccount:
    """The account in question."""

    master_id: MasterId
    id: AccountId


@dataclass(frozen=True)
class AskedToken:
    """A narrowed token. `begun`: its rights hold already. `expired`: by the database's clock. `works`:
    neither it nor what it was made of has ended."""

    id: NarrowedTokenId
    audience: str
    account_ids: frozenset[AccountId]
    scopes: int
    revoked_at: datetime.datetime | None
    expires_at: datetime.datetime
    begun: bool
    expired: bool
    works: bool


@dataclass(frozen=True)
class MadePromise:
    """That nobody outside these roles has a permission in the account. `permission`: its mask."""

    id: AccessPromiseId
    permission: int
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """The person or API key in question. `is_asker`: it asks about itself. `token`: it is the narrowed token
    that is in question, and they are whom it acts for."""

    user_id: UserId | None
    api_key_id: ApiKeyId | None
    name: str
    is_asker: bool
    token: AskedToken | None = None


@dataclass(frozen=True)
class PathAccount:
    """The account in question (depth 0), or one above it. `asker_mask`: what the asker holds there."""

    id: AccountId
    name: str
    depth: int
    status: AccountStatus
    rights_inheritance: RightsInheritance
    parent_access: ParentAccess
    asker_mask: int

    def shows(self, permission: Permission) -> bool:
        """Whether the asker holds the permission there."""
        return all(self.asker_mask & needed.bit for needed in (Permission.ACCOUNT_READ, permission))

    @property
    def visible(self) -> bool:
        """Whether the asker may know of it (R21)."""
        return self.shows(Permission.ACCOUNT_READ)

    @property
    def global_id(self) -> str | None:
        """The id as clients see it. None for an account that the asker may not know of."""
        return present(Kind.ACCOUNT, self.id) if self.visible else None

    @property
    def label(self) -> str:
        """What a sentence calls it."""
        return self.name if self.visible else "an account above"


@dataclass(frozen=True)
class HeldRole:
    """A role, its masks as casbin compiled them, and its policy lines."""

    id: RoleId
    name: str
    masks: RoleMasks
    lines: tuple[PolicyLine, ...]

    def mask(self, relation: Relation) -> int:
        """What it gives to a holder who stands in this relation to an account."""
        return {
            Relation.MEMBER: self.masks.member,
            Relation.ANCESTOR: self.masks.ancestor,
            Relation.INHERITED: self.masks.inherited,
        }[relation]


@dataclass(frozen=True)
class HeldMembership:
    """A membership in the account or in one above it. `holds`: it has not expired. `below_limit`: the mask
    that platform staff have set as its limit below the account, until `below_limit_until`; None: no limit
    (R73)."""

    id: MembershipId
    account: PathAccount
    role: HeldRole
    expires_at: datetime.datetime | None
    holds: bool
    below_limit: int | None
    below_limit_until: datetime.datetime | None

    @property
    def mask_below(self) -> int:
        """What it gives in the accounts below its own (R45, R66, R73)."""
        passes_all = self.account.rights_inheritance is RightsInheritance.ALL_ROLES
        mask = self.role.mask(Relation.INHERITED if passes_all else Relation.ANCESTOR)
        return mask if self.below_limit is None else mask & self.below_limit


@dataclass(frozen=True)
class HeldOpening:
    """A break-glass opening of the account, or of one above it.

    `membership`: one of the person's memberships above the opened account. The opening gives what that would
    give if the account's link were FULL. None: no membership is left, or the asker may know of none.
    `expired`: by the database's clock.
    """

    id: BreakGlassId
    account: PathAccount
    membership: HeldMembership | None
    expires_at: datetime.datetime
    expired: bool
    ended_at: datetime.datetime | None

    @property
    def holds(self) -> bool:
        """Whether it is neither ended nor expired."""
        return self.ended_at is None and not self.expired


@dataclass(frozen=True)
class GivenShare:
    """A share of the account: a role, or areas where `role` is None, without the hidden areas. `expired`: by
    the database's clock."""

    id: ShareId
    role: HeldRole | None
    areas: frozenset[Area]
    areas_mask: int
    hidden_areas: frozenset[Area]
    hidden_mask: int
    accepted: bool
    expired: bool
    expires_at: datetime.datetime | None
    revoked_at: datetime.datetime | None


@dataclass(frozen=True)
class AskedKey:
    """An API key. `account`: the account that it is bound to, None where that is not on the path.
    `account_label`: what a sentence calls that account. `stopped`: its creator chose STOP and lost access."""

    id: ApiKeyId
    name: str
    account: PathAccount | None
    account_label: str
    role: HeldRole
    scopes: int
    revoked_at: datetime.datetime | None
    expires_at: datetime.datetime | None
    expired: bool
    stopped: bool
    ip_ranges: tuple[str, ...]


Way = HeldMembership | HeldOpening | GivenShare | AskedKey
"""Something that may give a subject access."""


@dataclass(frozen=True)
class Facts:
    """All facts: the path from the account up to the root, and the ways that the asker may know of.

    `verdict`: what the subject may do there by reach and status, a mask from the same snapshot. `promises`:
    of the account, as far as the asker may know them.
    """

    subject: Subject
    path: tuple[PathAccount, ...]
    ways: tuple[Way, ...]
    verdict: int
    promises: tuple[MadePromise, ...] = ()

    @property
    def account(self) -> PathAccount:
        """The account in question."""
        return self.path[0]

    @property
    def subject_is_known(self) -> bool:
        """Whether the asker may know of the subject here. A share that waits does not reveal a person, nor
        does break-glass of a person whom the asker does not see among the members."""
        return self.subject.is_asker or any(map(_makes_known, self.ways))


def _makes_known(way: Way) -> bool:
    return way.accepted if isinstance(way, GivenShare) else not isinstance(way, HeldOpening)


def area_names(areas: Collection[Area]) -> str:
    """The areas as a part of a sentence, in the order of the pages."""
    return ", ".join(area.value for area in Area if area in areas)
