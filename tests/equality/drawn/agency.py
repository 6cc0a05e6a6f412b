"""The larger of the world's trees: its accounts."""

from dataclasses import dataclass

from models.accounts.tables import RightsInheritance
from tests.equality.drawn import rows
from tests.world.world import Account, World

QUOTES = "Agency \"Ω\" \\ 'quoted' \\u0041"
EMOJI = "Client 🦊\u2028 tab\t line\n \x01 bell\x07 </script>"
EXTERNAL_ID = 'ext-"1"\\'
_LEAVES = 24


@dataclass(frozen=True)
class Agency:
    """Its accounts by their names."""

    master: Account
    client: Account
    shop: Account
    till: Account
    suspended: Account
    leaves: tuple[Account, ...]

    @property
    def all(self) -> list[Account]:
        """All but the leaves."""
        return [self.master, self.client, self.shop, self.till, self.suspended]


async def make_agency(world: World) -> Agency:
    """Nobody is in them."""
    master = await world.account(name=QUOTES)
    client = await world.account(master, EMOJI)
    await world.set_inheritance(client, RightsInheritance.ALL_ROLES)
    await rows.set_external_id(world, client, EXTERNAL_ID)
    shop = await world.account(client, "Shop")
    till = await world.account(shop, "Till")
    for name in ("twin", "Twin"):
        await world.account(client, name)
    suspended = await world.account(master, "Suspended")
    await world.account(suspended, "Below suspended")
    leaves = [await world.account(master, f"Leaf {number}") for number in range(_LEAVES)]
    return Agency(master, client, shop, till, suspended, tuple(leaves))
