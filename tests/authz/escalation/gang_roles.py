"""The custom roles that a gang knows, in the order in which it came to know them."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base.ids import Kind, present
from models.roles.tables import roles
from tests.authz.escalation.reach_model import CustomRights


@dataclass
class KnownRole:
    """A role as the gang has last seen it."""

    id: str
    rights: CustomRights
    version: int = 1

    @property
    def given(self) -> frozenset[str]:
        """All that it gives anywhere."""
        return self.rights.permissions | self.rights.below


@dataclass
class KnownRoles:
    """All of them."""

    found: list[KnownRole] = field(default_factory=list)

    def pick(self, number: int | None) -> KnownRole | None:
        """One of them; None where none is asked for, or none is there."""
        return self.found[number % len(self.found)] if number is not None and self.found else None

    async def add(self, database: AsyncEngine, name: str, rights: CustomRights) -> None:
        """One that was just made, perhaps by who may not see it."""
        async with database.connect() as connection:
            made = (await connection.execute(select(roles.c.id).where(roles.c.name == name))).scalar_one()
        self.found.append(KnownRole(present(Kind.ROLE, made), rights))


def role_input(rights: CustomRights) -> dict[str, list[str]]:
    """The rights as an input has them."""
    return {"permissions": sorted(rights.permissions), "permissionsBelow": sorted(rights.below)}
