"""A connection is cut at every trip of every mutation, before, during and after it: all is done, or nothing.

Who is answered UNAVAILABLE repeats the request, and it is done once; an idempotency key tells whether it was
done before. By day each mutation is cut during the COMMIT that it is done with; by night at all trips, in
each way.
"""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import settings

from tests.authz.escalation.outcomes import root_fields
from tests.authz.escalation.profiles import NIGHTLY
from tests.authz.matrix.matrix_callers import Stage
from tests.client.api import Api
from tests.client.schema import SCHEMA
from tests.concurrency.cuts.cutter import COMMIT, Cut, Place
from tests.concurrency.cuts.trials import Trial, Whole

_BY_NIGHT = settings.get_current_profile_name() == NIGHTLY

_COUNTED = "tries are counted apart, so that those count too that are refused"
_SEVERAL_TRANSACTIONS = {
    "signUp": _COUNTED,
    "signIn": _COUNTED,
    "emailVerify": _COUNTED,
    "passwordReset": _COUNTED,
    "passwordChange": _COUNTED,
    "apiKeyCreate": _COUNTED,
    "breakGlassOpen": _COUNTED,
    "creditTopUp": "that it is pending is on disk before the provider is asked, who may charge it",
}
"""What leaves something behind where it is not done, and why. Of all others nothing is left."""


@pytest.mark.parametrize("name", root_fields(SCHEMA.mutation_type))
async def test_it_is_done_wholly_or_not_at_all(name: str, stage: Stage, api: Api, on_request: Api) -> None:
    trial = Trial(name, on_request if name == "subaccountsRequest" else api, stage)
    await trial.whole()  # prepares, makes its caller known, and writes what only the first one does
    whole = await trial.whole()
    assert whole.left[-1], "it changes something"
    assert whole.writes[-1] == COMMIT
    assert any(whole.left[:-1]) == (name in _SEVERAL_TRANSACTIONS), whole.left
    for place, when in _cuts(whole):
        await trial.cut(whole, place, when)
    await stage.reopen()


def _cuts(whole: Whole) -> Sequence[tuple[Place, Cut]]:
    if _BY_NIGHT:
        return list(itertools.product(whole.places, Cut))
    return [(Place(len(whole.writes)), Cut.DURING)]


def test_every_row_is_a_mutation() -> None:
    """What was renamed keeps no excuse."""
    assert _SEVERAL_TRANSACTIONS.keys() <= root_fields(SCHEMA.mutation_type).keys()
