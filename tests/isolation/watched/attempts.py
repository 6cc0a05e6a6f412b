"""Changes of what watches over access that a viewer tries, as far as the model says that they are refused:
what is done would stay."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from tests.isolation.attempts import Attempt, Attempts
from tests.isolation.model import Account
from tests.isolation.sight import Json

_IN_TEN_DAYS = datetime.timedelta(days=10)
_SOME = 3


@dataclass(frozen=True)
class WatchedAttempts(Attempts):
    """What one subject tries."""

    def on_account(self, account: Account) -> Iterator[Attempt]:
        """Some of what is refused there."""
        tried = [*self._changes(account), *self._answers(account)]
        refused = [each for each in tried if each[2]]
        for mutation, values, code in self.site.chance.sample(refused, min(_SOME, len(refused))):
            yield Attempt(mutation, values, (account,), frozenset({code}))

    def _changes(self, account: Account) -> Iterator[tuple[str, Json, str]]:
        here, world = {"accountId": account.id}, self.site.world
        code = self._gate(account, "ACCOUNT_TRANSFER")
        owner = world.role("OWNER")
        promised = {**here, "permission": "INVOICES_WRITE", "roleIds": [owner.id]}
        yield "accessPromiseCreate", promised, code
        yield "accessReviewStart", {**here, "endsAt": self.site.later(_IN_TEN_DAYS)}, code
        required = {**here, "expectedVersion": self.state[account.id]["version"], "required": True}
        yield "secondFactorRequire", required, self._taking(account, "SETTINGS_WRITE")
        for promise in world.promises:
            if promise.account is account:
                yield "accessPromiseEnd", {"accessPromiseId": promise.id}, code
        for group in world.groups:
            if group.account is account:
                given = {"groupId": group.id, "accountId": account.id, "roleId": group.role.id}
                yield "scimGroupRoleSet", given, self._gate(account, "MEMBERS_WRITE")

    def _answers(self, account: Account) -> Iterator[tuple[str, Json, str]]:
        code = self._taking(account, "ACCOUNT_TRANSFER")
        for review in self.site.world.reviews:
            if review.account is not account:
                continue
            top = "ACCOUNT_TRANSFER" in self.rights.held(self.subject, review.top)
            above = "" if top else "FORBIDDEN ACCOUNT_TRANSFER"
            ended = "FAILED_PRECONDITION" if review.canceled else ""
            yield "accessReviewCancel", {"accessReviewId": review.id}, code or above or ended
            for item in review.items:
                given = {"accessReviewItemId": item.id}
                answered = ended or ("FAILED_PRECONDITION" if item.decision else "")
                yield "accessReviewItemConfirm", given, code or answered
                yield "accessReviewItemEnd", given, code or answered
