"""The built-in roles (R49): their fixed ids, and how their rows follow the policy."""

import enum
import uuid
from functools import cache

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.policy.compiler import RoleMasks, compile_role, read_policy
from models.base.ids import RoleId
from models.roles.tables import role_policy_lines, roles

_NAMESPACE = uuid.UUID("6d616e64-616e-5400-8000-726f6c657300")


class BuiltinRole(enum.Enum):
    """The roles that every account has, with what each is for."""

    OWNER = "Holds everything, ownership and closing included."
    ADMINISTRATOR = "Everything but ownership and closing; manages every account below."
    DEVELOPER = "API keys, webhooks and sending domains."
    FINANCE = "Credit, plan, invoices and statistics."
    MARKETER = "Contacts, campaigns, templates and statistics."
    ANALYST = "Statistics alone."

    @property
    def id(self) -> RoleId:
        """The same in every database."""
        return RoleId(uuid.uuid5(_NAMESPACE, self.name))


@cache
def compiled() -> dict[BuiltinRole, RoleMasks]:
    """Every built-in role's masks, from the policy files."""
    lines = read_policy()
    return {role: compile_role(role.name, lines) for role in BuiltinRole}


def synchronize(connection: Connection) -> bool:
    """Write the built-in roles, their masks and their lines. Part of `mandant migrate`. Returns whether
    one gives more than it gave before."""
    before = _stored(connection)
    for role, masks in compiled().items():
        row = {"description": role.value} | masks.columns()
        statement = upsert(roles).values(id=role.id, name=role.name, **row)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["id"], set_={name: statement.excluded[name] for name in row}
            )
        )
    connection.execute(delete(role_policy_lines).where(role_policy_lines.c.role_id.in_(_ids())))
    connection.execute(
        insert(role_policy_lines), [line.row(BuiltinRole[line.role].id) for line in read_policy()]
    )
    return any(
        masks.gives_more_than(before[role.id]) for role, masks in compiled().items() if role.id in before
    )


def differs(connection: Connection) -> bool:
    """Whether the stored masks differ from those of the policy files: then `mandant migrate` is due."""
    stored = _stored(connection)
    wanted = {role.id: masks for role, masks in compiled().items()}
    return any(stored.get(role_id) != masks for role_id, masks in wanted.items())


def _stored(connection: Connection) -> dict[RoleId, RoleMasks]:
    columns = (roles.c.id, roles.c.member_mask, roles.c.ancestor_mask, roles.c.inherited_mask)
    found = select(*columns).where(roles.c.id.in_(_ids()))
    return {RoleId(row.id): RoleMasks(*row[1:]) for row in connection.execute(found)}


def _ids() -> list[RoleId]:
    return [role.id for role in BuiltinRole]
