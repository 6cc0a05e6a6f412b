"""What all questions about what accounts write with have in common."""

from collections.abc import Iterable, Sequence
from typing import Any

from tests.client.api import Answer
from tests.isolation.reading import Refusal, Viewer
from tests.isolation.sight import Sight
from tests.isolation.stock.sight import StockSight
from tests.isolation.tally import Tally


class StockAsking:
    """One viewer, who asks."""

    def __init__(self, sight: Sight, viewer: Viewer, tally: Tally) -> None:
        self.world = sight.world
        self.sight = sight
        self.stock = StockSight(sight)
        self.viewer = viewer
        self._tally = tally

    async def ask(self, query: str, **variables: Any) -> Answer:
        """And nothing of the answer names an account that is out of reach, but for what was asked with."""
        answer = await self.viewer.api.ask(query, self.viewer.subject, **variables)
        self.names_nothing_away(answer)
        return answer

    def names_nothing_away(self, answer: Answer) -> None:
        """No account that is out of reach is named."""
        text = f"{answer.data} {answer.errors}"
        away = [account for account in self.world.accounts if not self.sight.account(account)]
        named = [account.name for account in away if account.id.partition("_")[2] in text]
        self.items("accounts out of reach are named", [], named)

    def is_refused_whole(self, what: str, answer: Answer) -> bool:
        """Whether the viewer's secret is not accepted; then nothing is shown. `Reading` says what it is
        told."""
        if self.viewer.accepted:
            return False
        values = answer.data.values() if answer.data is not None else ()
        shown = [value for value in values if value is not None and any(_leaves(value))]
        self.items(f"{what}: shown to nobody", [], map(str, shown))
        return True

    def fact(self, what: str, expected: object, found: object) -> None:
        self._tally.fact(f"{self.viewer.name}: {what}", expected, found)

    def items(self, what: str, expected: Iterable[Any], found: Iterable[Any]) -> None:
        self._tally.items(f"{self.viewer.name}: {what}", expected, found)


def _leaves(value: object) -> Iterable[object]:
    """What of a value is shown at all."""
    return [each for each in value if each is not None] if isinstance(value, list) else [value]


def refusals(answer: Answer, path: Sequence[str | int]) -> list[Refusal]:
    """Those of the fields of an object."""
    found = [error for error in answer.errors if error["path"][:-1] == list(path)]
    return [
        Refusal(str(error["path"][-1]), error["extensions"]["code"], error["extensions"].get("permission"))
        for error in found
    ]
