"""What a field requires of the caller, as directives."""

from collections.abc import Iterable

from authz.policy.permissions import Permission
from engine.base.marks import Anonymous, ForNarrowedTokens, Public, Requires, RequiresAny, StaffOnly

OPEN: list[object] = [Public()]
"""Anybody who is signed in."""

OPEN_TO_TOKENS: list[object] = [Public(), ForNarrowedTokens()]
"""Anybody who is signed in, and a narrowed token."""

ANYBODY: list[object] = [Anonymous()]
"""Anybody, also without being signed in."""

STAFF_ONLY: list[object] = [StaffOnly()]
"""The platform's staff; `authz.guards.staff` checks it."""


def needs(permission: Permission) -> list[object]:
    """The caller needs the permission in the account."""
    return [Requires(permission=permission.name)]


def needs_any(permissions: Iterable[Permission]) -> list[object]:
    """The caller needs one of the permissions; the input decides which."""
    return [RequiresAny(permissions=[permission.name for permission in permissions])]
