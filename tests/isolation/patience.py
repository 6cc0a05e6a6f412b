"""A request that the server had no time for says nothing about anybody's rights: it is asked again."""

import asyncio
from dataclasses import dataclass
from typing import Any

from tests.client.api import Answer, Api, Caller

_TRIES = 5
_OUT_OF_TIME = "UNAVAILABLE"


class UnansweredError(Exception):
    """The server had no time for a request, however often it was asked."""


@dataclass(frozen=True)
class PatientApi(Api):
    """Asks again what is UNAVAILABLE, as a whole or in a part. What stays so is an error and never an answer,
    so that it cannot be taken for a null that was expected."""

    pause: float = 1.0
    """In seconds; as long as the server asks for."""

    async def ask(self, query: str, caller: Caller | None = None, **variables: Any) -> Answer:
        """Raises UnansweredError after five tries. Writes too: what was out of time was rolled back."""
        for _ in range(_TRIES):
            answer = await super().ask(query, caller, **variables)
            if _OUT_OF_TIME not in answer.codes:
                return answer
            await asyncio.sleep(self.pause)
        raise UnansweredError(f"asked {_TRIES} times, without an answer: {query}")
