"""The tests cut a connection at each trip of each mutation, before, during and after it: all is done, or
nothing.

A client that gets UNAVAILABLE repeats the request, and the change is done once. The answer to an idempotency
key says whether it was done before. By day each mutation is cut during its last COMMIT. By night it is cut at
all trips, in each way.
"""

import itertools
from collections.abc import Sequence

import pytest

from tests.authz.escalation.outcomes import root_fields
from tests.authz.escalation.profiles import BY_NIGHT
from tests.authz.matrix.matrix_callers import Stage
from tests.by_day import one_in
from tests.client.api import Api
from tests.client.schema import SCHEMA
from tests.concurrency.cuts.cutter import COMMIT, Cut, Place
from tests.concurrency.cuts.trials import Trial, Whole

_COUNTED = "tries are counted apart, so that those count too that are refused"
_SEVERAL_TRANSACTIONS = {
    "signUp": _COUNTED,
    "signIn": _COUNTED,
    "emailVerify": _COUNTED,
    "passwordReset": _COUNTED,
    "passwordChange": _COUNTED,
    "apiKeyCreate": _COUNTED,
    "tokenNarrow": _COUNTED,
    "emailChange": _COUNTED,
    "userDelete": _COUNTED,
    "totpStart": _COUNTED,
    "totpConfirm": _COUNTED,
    "totpDisable": _COUNTED,
    "recoveryCodesRenew": _COUNTED,
    "passkeyStart": _COUNTED,
    "passkeyRemove": _COUNTED,
    "signInConfirm": _COUNTED,
    "passkeySignIn": _COUNTED,
    "passkeySignInStart": _COUNTED,
    "secondFactorResetRequest": _COUNTED,
    "breakGlassOpen": _COUNTED,
    "singleSignOnComplete": _COUNTED,
    "domainAdd": _COUNTED,
    "domainKeyReplace": _COUNTED,
    **dict.fromkeys(("webhookCreate", "webhookUpdate", "webhookSecretRotate"), _COUNTED),
    "creditTopUp": "that it is pending is on disk before the provider is asked, who may charge it",
}
"""The mutations that leave something behind even if they are not done, and why. All others leave nothing."""

_READ_BEHIND_THE_COMMIT = {
    "contactUpdate",
    "contactListCreate",
    "contactListUpdate",
    "contactAttributeCreate",
    "templateCreate",
    "templateUpdate",
    "messageCancel",
}
"""The mutations whose payload has a field of the data plane."""


@pytest.mark.parametrize("name", one_in(4, root_fields(SCHEMA.mutation_type)))
async def test_it_is_done_wholly_or_not_at_all(name: str, stage: Stage, api: Api, on_request: Api) -> None:
    trial = Trial(name, on_request if name == "subaccountsRequest" else api, stage)
    await trial.whole()  # prepares, makes its caller known, and writes what only the first one does
    whole = await trial.whole()
    assert whole.left[-1], "it changes something"
    assert (whole.writes[-1] != COMMIT) == (name in _READ_BEHIND_THE_COMMIT)
    assert any(whole.left[:-1]) == (name in _SEVERAL_TRANSACTIONS), whole.left
    for place, when in _cuts(whole):
        await trial.cut(whole, place, when)
    await stage.reopen()


def _cuts(whole: Whole) -> Sequence[tuple[Place, Cut]]:
    if BY_NIGHT:
        return list(itertools.product(whole.places, Cut))
    return [(Place(whole.last_commit), Cut.DURING)]


def test_every_row_is_a_mutation() -> None:
    """A mutation that was renamed must not keep its row under the old name."""
    assert _SEVERAL_TRANSACTIONS.keys() <= root_fields(SCHEMA.mutation_type).keys()
