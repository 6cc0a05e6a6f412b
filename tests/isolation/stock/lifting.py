"""Compares what becomes of lifting a block entry below the account that has made it: nothing (R68)."""

from tests.isolation.model import Account, Block
from tests.isolation.stock.asking import StockAsking

_LIFT = """mutation ($input: BlockListRemoveInput!) { blockListRemove(input: $input) {
  results { outcome entryId blockedBy } userErrors { code }
} }"""


class Lifting(StockAsking):
    """What one viewer tries."""

    async def compare(self) -> None:
        """Wherever it may change the block list, by the address and by the id."""
        for account in self.world.accounts:
            above = self._above(account)
            may = account.status == "ACTIVE" and self.sight.can(account, "BLOCK_LIST_WRITE")
            if self.viewer.accepted and may and above:
                await self._compare(account, self.viewer.chance.choice(above))

    def _above(self, account: Account) -> list[Block]:
        """Entries that hold there and that it has not made itself."""
        own = {block.address for block in self.world.blocks if block.account is account}
        blocks = [block for block in self.world.blocks if block.account in account.above]
        return [block for block in blocks if block.address not in own and self._only_one(block, account)]

    def _only_one(self, block: Block, account: Account) -> bool:
        same = [each for each in self.world.blocks if each.address == block.address]
        return [each for each in same if each.account in account.above] == [block]

    async def _compare(self, account: Account, block: Block) -> None:
        by = self.sight.account(block.account)
        expected = [("INHERITED", None, by), ("INHERITED", None, by)]
        values = {"accountId": account.id, "entries": [block.address, block.id]}
        answer = await self.viewer.api.ask(_LIFT, self.viewer.subject, input=values)
        payload = answer.data["blockListRemove"]
        found = [(each["outcome"], each["entryId"], each["blockedBy"]) for each in payload["results"]]
        self.fact(f"lifting in {account.name} what {block.account.name} blocks", expected, found)
