"""Invoices and credit notes of accounts in a tree, addressed or not, and of a foreign one."""

from tests.world.billing import give_details, give_invoice, separate
from tests.world.world import Account, World


async def make_invoices(
    world: World, master: Account, client: Account, leaf: Account, foreign: Account
) -> list[str]:
    """The ids of all that was made."""
    await separate(world, client)
    await give_details(world, client)
    found = [
        await give_invoice(world, master, master, leaf, leaf),
        await give_invoice(world, client, leaf),
        await give_invoice(world, leaf),
        await give_invoice(world, foreign),
    ]
    corrected = await give_invoice(world, client)
    found += [corrected, await give_invoice(world, client, corrects=corrected)]
    return [invoice.id for invoice in found]
