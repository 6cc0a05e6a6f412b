"""How a transaction takes its turn, also before it has sent anything."""

from collections import OrderedDict
from collections.abc import Hashable

from engine.database.turns import Turn

_KNOWN_THINGS = 10_000
"""How many keys are remembered with their things. Each takes about 200 bytes."""


class TurnTaker:
    """Takes the turn of one transaction. `known`: things by their keys, which all transactions share."""

    def __init__(self, turn: Turn | None, known: OrderedDict[Hashable, Hashable]) -> None:
        self._turn = turn
        self._known = known

    def take(self, thing: Hashable, key: Hashable) -> None:
        """See `WriteSession.take_turn`."""
        if key is not None:
            self._known[key] = thing
            if len(self._known) > _KNOWN_THINGS:
                self._known.popitem(last=False)
        if self._turn is not None:
            self._turn.take(thing)

    def take_known(self, key: Hashable) -> bool:
        """See `WriteSession.take_known_turn`."""
        thing = self._known.get(key)
        if thing is None:
            return False
        self._known.move_to_end(key)
        if self._turn is not None:
            self._turn.take(thing)
        return True

    def forget(self, key: Hashable) -> None:
        """See `WriteSession.forget_turn`."""
        self._known.pop(key, None)
