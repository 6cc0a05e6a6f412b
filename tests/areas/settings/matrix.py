"""The rows of the matrix for settings."""

from models.settings.tables import SettingName
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, MANAGERS, OUTSIDE, Stage, once
from tests.authz.matrix.matrix_rows import Mutation, Query, Values, gated, table
from tests.world.settings import set_setting

_ALONE = frozenset({"guest_administrator"})
"""It holds what administrators hold, and reaches nothing below."""


async def _update(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "expectedVersion": await stage.version(), "senderName": once()}


async def _copy(stage: Stage) -> Values:
    await set_setting(stage.world, stage.child, SettingName.SENDER_NAME, once())
    both = {"fromAccountId": stage.child.id, "toAccountId": stage.account.id}
    return {**both, "settings": ["SENDER_NAME"]}


async def _copy_anew(stage: Stage, caller: str) -> None:
    """What is copied next is another name."""
    await _copy(stage)


async def _same(stage: Stage) -> Values:
    return {"a": stage.account.id, "b": stage.account.id}


MUTATIONS = {
    "settingsUpdate": Mutation("SETTINGS_WRITE", gated("SETTINGS_WRITE", MANAGERS), _update),
    "settingsCopy": Mutation(
        "SETTINGS_WRITE",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE | _ALONE, "NOT_FOUND"),
            (INSIDE - MANAGERS, "FORBIDDEN SETTINGS_WRITE"),
            (MANAGERS - _ALONE, DONE),
        ),
        _copy,
        _copy_anew,
    ),
}


QUERIES = {
    # Its own right is asked where the accounts are found, so that without it there is nothing.
    "settingsDiff": Query(
        "SETTINGS_READ",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            ((INSIDE | OUTSIDE) - MANAGERS, "NOT_FOUND"),
            (MANAGERS, DONE),
        ),
        "{ differences { totalCount } }",
        _same,
    ),
}


ACCOUNT_FIELDS = {
    "settings": ("SETTINGS_READ", MANAGERS),
}
