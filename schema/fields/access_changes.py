"""What a dry run tells (N4)."""

import datetime
from collections.abc import Iterable
from typing import Any

import strawberry

from authz.callers.principals import PrincipalKind
from authz.dry_runs import try_out as dry_runs
from authz.dry_runs.snapshot import RightEnd
from authz.policy.permissions import Permission, permissions_in
from engine.base.marks import Public
from models.base.ids import Kind, present

_DRY_RUN = (
    "Do not do it: tell in `accessChanges` who would gain and lose what, and in `effects`, where the payload "
    "has them, what would become of what the account holds. Nothing is stored or sent, no secret is told, "
    "the payload's other fields are null. What would be refused is refused alike."
)


def dry_run() -> Any:
    """The field that the input of every mutation has that changes access."""
    return strawberry.field(default=False, description=_DRY_RUN)


@strawberry.type(description="Rights that end by themselves.", directives=[Public()])
class AccessEnd:
    ends_at: datetime.datetime = strawberry.field(description="When.")
    permissions: list[Permission] = strawberry.field(description="What cannot be done any more then.")


@strawberry.type(
    description="What a person or an API key would gain and lose in an account, at once or later by itself. "
    "Told of persons to who holds MEMBERS_READ there, before or after, of keys to who holds API_KEYS_READ, "
    "and of oneself in any case; to platform staff of the member whose rights they set.",
    directives=[Public()],
)
class AccessChange:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    account_name: str = strawberry.field(description="The account's name.")
    kind: PrincipalKind = strawberry.field(description="Whose rights they are.")
    subject_id: strawberry.ID | None = strawberry.field(
        description="The global id of the person or of the key; null for a key that would be made, and for "
        "platform staff."
    )
    subject_name: str | None = strawberry.field(
        description="The name of the person or of the key; null for platform staff, who know whom they named."
    )
    gained: list[Permission] = strawberry.field(description="What could be done that cannot be done now.")
    lost: list[Permission] = strawberry.field(description="What could not be done any more.")
    old_ends: list[AccessEnd] = strawberry.field(
        description="What of the rights ends by itself as things are now, the earliest first; what is not "
        "named never does."
    )
    new_ends: list[AccessEnd] = strawberry.field(description="The same after the change.")
    old_ip_ranges: list[str] | None = strawberry.field(
        description="Of a key: the network addresses that it works from now; empty: from anywhere. Null for "
        "a person, and for a key that does not work now."
    )
    new_ip_ranges: list[str] | None = strawberry.field(description="The same after the change.")


def access_changes() -> Any:
    """The field of a payload that tells them."""
    return strawberry.field(
        default=None,
        description="Of a dry run: who would gain and lose what where, by account, at most 200; null: it was "
        "none, or was refused.",
    )


def more_access_changes() -> Any:
    """The field beside it."""
    return strawberry.field(
        default=False, description="Of a dry run: it was too much to look at, or to tell, all of it."
    )


def told(found: dry_runs.AccessChanges) -> dict[str, object]:
    """As the fields of a payload."""
    changes = [
        AccessChange(
            account_id=strawberry.ID(present(Kind.ACCOUNT, change.account_id)),
            account_name=change.account_name,
            kind=change.kind,
            subject_id=_subject_id(change),
            subject_name=change.subject_name,
            gained=permissions_in(change.gained),
            lost=permissions_in(change.lost),
            old_ends=_ends(change.old_ends),
            new_ends=_ends(change.new_ends),
            old_ip_ranges=_listed(change.old_ip_ranges),
            new_ip_ranges=_listed(change.new_ip_ranges),
        )
        for change in found.changes
    ]
    return {"access_changes": changes, "more_access_changes": found.more}


def _ends(ends: Iterable[RightEnd]) -> list[AccessEnd]:
    return [AccessEnd(ends_at=end.ends_at, permissions=permissions_in(end.mask)) for end in ends]


def _listed(ranges: tuple[str, ...] | None) -> list[str] | None:
    return None if ranges is None else list(ranges)


_PREFIXES = {PrincipalKind.PERSON: Kind.USER, PrincipalKind.API_KEY: Kind.API_KEY}


def _subject_id(change: dry_runs.AccessChange) -> strawberry.ID | None:
    if change.subject_id is None:
        return None
    return strawberry.ID(present(_PREFIXES[change.kind], change.subject_id))
