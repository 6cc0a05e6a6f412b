"""The policy as an administrator reads it: casbin's files, and what casbin makes of them."""

from rich.table import Table

from authz.policy.builtin_roles import BuiltinRole, compiled
from authz.policy.compiler import POLICY_FOLDER, RoleMasks
from authz.policy.permissions import Permission
from server.commands.tables import new_table

LEGEND = (
    "m: as a member of the account.  a: in the accounts below it.  "
    "i: below, where the account passes all of its roles down."
)


def policy_texts() -> str:
    """casbin's model and the policy's lines, as they stand in their files."""
    model = (POLICY_FOLDER / "model.conf").read_text(encoding="utf-8")
    lines = (POLICY_FOLDER / "policy.csv").read_text(encoding="utf-8")
    return f"{model}\n{lines}"


def policy_table() -> Table:
    """What casbin answers for every role and permission."""
    masks = compiled()
    table = new_table("Permission", *(role.name for role in BuiltinRole))
    for permission in Permission:
        table.add_row(permission.name, *(_marks(masks[role], permission) for role in BuiltinRole))
    return table


def _marks(masks: RoleMasks, permission: Permission) -> str:
    by_mark = {"m": masks.member, "a": masks.ancestor, "i": masks.inherited}
    return " ".join(mark if mask & permission.bit else "-" for mark, mask in by_mark.items())
