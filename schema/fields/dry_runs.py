"""The input and result fields of dry runs (N4)."""

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
    "Change nothing. `accessChanges` returns who would gain and lose which rights, and `effects`, if the "
    "payload has it, what would happen to what the account holds. Nothing is stored or sent, no secret is "
    "returned, and all other fields are null. Refusals are the same as without `dryRun`."
)


def dry_run() -> Any:
    """The input field of every mutation that changes access."""
    return strawberry.field(default=False, description=_DRY_RUN)


@strawberry.type(description="Rights that expire at one time.", directives=[Public()])
class AccessEnd:
    ends_at: datetime.datetime = strawberry.field(description="When they expire.")
    permissions: list[Permission] = strawberry.field(description="The permissions that expire.")


@strawberry.type(
    description="What a person or an API key would gain and lose in an account, immediately or when a right "
    "expires. Listed for callers with MEMBERS_READ in the account before or after the change (people) or "
    "API_KEYS_READ (keys). Callers always see themselves, and platform staff see the member whose rights "
    "they set.",
    directives=[Public()],
)
class AccessChange:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    account_name: str = strawberry.field(description="The account's name.")
    kind: PrincipalKind = strawberry.field(description="Whether the rights are a person's or an API key's.")
    subject_id: strawberry.ID | None = strawberry.field(
        description="The global id of the person or key; null for a key that does not exist yet, and for "
        "platform staff."
    )
    subject_name: str | None = strawberry.field(
        description="The name of the person or key; null for platform staff, who named the member themselves."
    )
    gained: list[Permission] = strawberry.field(description="The permissions that the change adds.")
    lost: list[Permission] = strawberry.field(description="The permissions that the change removes.")
    old_ends: list[AccessEnd] = strawberry.field(
        description="When rights expire before the change, earliest first. Rights that are not listed do "
        "not expire."
    )
    new_ends: list[AccessEnd] = strawberry.field(
        description="When rights expire after the change, earliest first."
    )
    old_ip_ranges: list[str] | None = strawberry.field(
        description="The network addresses that the key accepts before the change; empty means any address. "
        "Null for a person, and for a key that does not work before the change."
    )
    new_ip_ranges: list[str] | None = strawberry.field(
        description="The network addresses that the key accepts after the change; empty means any address. "
        "Null for a person, and for a key that does not work after the change."
    )


def access_fields(found: dry_runs.AccessChanges) -> dict[str, object]:
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
