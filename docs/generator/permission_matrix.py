"""The matrix of roles and permissions, as casbin answers it."""

from collections.abc import Iterator

from authz.policy.builtin_roles import BuiltinRole, compiled
from authz.policy.permissions import Permission


def permission_page() -> str:
    """What each built-in role gives, permission by permission."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    masks = compiled()
    yield "---\nhide: [toc]\n---\n# Matrix of roles and permissions\n"
    yield "Each cell is what casbin answers when this page is built:\n"
    yield "- **m**: as a member of the account"
    yield "- **a**: in the accounts below it, always"
    yield "- **i**: in the accounts below it, where the account passes all of its roles down\n"
    yield f"| permission | {' | '.join(role.name for role in BuiltinRole)} |"
    yield "|---|" + "---|" * len(BuiltinRole)
    for permission in Permission:
        marks = (
            "".join(
                mark
                for mark, mask in (
                    ("m", masks[role].member),
                    ("a", masks[role].ancestor),
                    ("i", masks[role].inherited),
                )
                if mask & permission.bit
            )
            for role in BuiltinRole
        )
        yield f"| {permission.name} | {' | '.join(marks)} |"
