"""What the server has no time for is asked again, and never taken for an answer."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.isolation.patience import PatientApi, UnansweredError

_ASKED = '{ node(id: "acct_00000000-0000-0000-0000-000000000001") { id } }'


class _AwayAtFirst:
    """So many requests reach an application without a database, the others the one that has it."""

    def __init__(self, requests: int, away: ASGIApp, app: ASGIApp) -> None:
        self.asked = 0
        self._requests = requests
        self._away = away
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        await (self._away if self.asked <= self._requests else self._app)(scope, receive, send)


@pytest.mark.parametrize("requests", [0, 1, 4, 5])
async def test_it_is_asked_five_times(requests: int, away: Starlette, app: Starlette) -> None:
    """Out of time the answer is null as well, beside an error. A null that is meant is taken at once."""
    at_first = _AwayAtFirst(requests, away, app)
    transport = httpx.ASGITransport(at_first)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        api = PatientApi(http, pause=0)
        if requests < 5:
            answer = await api.ask(_ASKED)
            assert (answer.data, answer.codes) == ({"node": None}, [])
        else:
            with pytest.raises(UnansweredError):
                await api.ask(_ASKED)
    assert at_first.asked == min(requests + 1, 5)
