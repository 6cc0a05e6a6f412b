"""The rows of the matrix for single sign-on. The account of the matrix is a subaccount, and has none."""

from tests.areas.accounts.matrix import OWNERS, this_account
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, MANAGERS, OUTSIDE, Stage
from tests.authz.matrix.matrix_rows import ABOVE, Mutation, Values, for_anybody, table

_OWNERS = table(
    (ANONYMOUS, "UNAUTHENTICATED"),
    (OUTSIDE, "NOT_FOUND"),
    (INSIDE - OWNERS - ABOVE, "FORBIDDEN ACCOUNT_TRANSFER"),
    (OWNERS | ABOVE, "FAILED_PRECONDITION"),
)


async def _settings(stage: Stage) -> Values:
    return {
        "accountId": stage.account.id,
        "expectedVersion": await stage.version(),
        "issuer": "https://login.example.com",
        "clientId": "mandant",
    }


async def _code(stage: Stage) -> Values:
    return {"code": "mdc_of_nobody", "verifier": "x"}


MUTATIONS = {
    "singleSignOnUpdate": Mutation("ACCOUNT_TRANSFER", _OWNERS, _settings),
    "singleSignOnRemove": Mutation("ACCOUNT_TRANSFER", _OWNERS, this_account),
    "singleSignOnComplete": Mutation(None, for_anybody("LINK_NOT_VALID"), _code, counted=True),
}


ACCOUNT_FIELDS = {
    "singleSignOn": ("SETTINGS_READ", MANAGERS),
}
