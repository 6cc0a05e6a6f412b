"""How many trips to the database each mutation takes, COMMIT among them: an increase is seen in review.

Each is sent a second time by the same caller, as a partner's program does all day: its statements are
prepared and its caller is known.
"""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.authz.escalation.outcomes import DONE, mutate, outcome, root_fields
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_fields import MUTATIONS
from tests.client.api import Api
from tests.client.schema import SCHEMA
from tests.engine.statements import trips
from tests.world.world import World

TRIPS: dict[str, int] = {
    "signIn": 18,
    "signOut": 3,
    "sessionRevoke": 3,
    "sessionRevokeOthers": 3,
    "passkeySignInStart": 5,
    "secondFactorResetRequest": 10,
    "emailVerify": 15,
    "emailVerificationRequest": 4,
    "passwordResetRequest": 3,
    "subaccountCreate": 7,
    "accountUpdate": 3,
    "accountSuspend": 3,
    "accountResume": 3,
    "accountClose": 22,
    "accountReopen": 8,
    "memberInvite": 9,
    "invitationRevoke": 5,
    "invitationAccept": 12,
    "invitationDecline": 6,
    "memberUpdate": 8,
    "memberRemove": 8,
    "memberLeave": 7,
    "ownershipTransfer": 12,
    "ownershipTransferWithdraw": 4,
    "ownershipAccept": 7,
    "ownershipDecline": 4,
    "personRemove": 14,
    "shareCreate": 13,
    "shareUpdate": 10,
    "shareRevoke": 8,
    "shareAccept": 10,
    "shareLeave": 7,
    "shareDecline": 7,
    "apiKeyCreate": 8,
    "apiKeyRevoke": 5,
    "apiKeyRotate": 7,
    "apiKeyUpdate": 7,
    "apiKeyAdopt": 7,
    "tokenNarrow": 9,
    "accessPromiseCreate": 5,
    "accessPromiseEnd": 5,
    "accessReviewStart": 8,
    "accessReviewCancel": 6,
    "accessReviewItemConfirm": 5,
    "accessReviewItemEnd": 9,
    "tokenRevoke": 8,
    "roleCreate": 7,
    "roleUpdate": 11,
    "roleDelete": 8,
    "parentAccessUpdate": 6,
    "parentAccessAnswer": 8,
    "parentAccessWithdraw": 6,
    "breakGlassOpen": 12,
    "breakGlassEnd": 8,
    "settingsUpdate": 4,
    "settingsCopy": 8,
    "subaccountsRequestWithdraw": 4,
    "overrideCreate": 9,
    "overrideApprove": 9,
    "overrideEnd": 6,
    "accountStaffSuspend": 7,
    "accountStaffResume": 7,
    "subaccountsRequestDecline": 6,
    "reviewRequest": 10,
    "reviewApprove": 11,
    "reviewDecline": 9,
    "reviewRevoke": 10,
    "creditTransfer": 5,
    "creditModeUpdate": 7,
    "paymentMethodAdd": 3,
    "paymentMethodRemove": 6,
    "creditTopUp": 13,
    "topUpRuleUpdate": 8,
    "topUpRuleRemove": 4,
    "scimGroupRoleSet": 8,
    "domainAdd": 8,
    "domainVerify": 5,
    "domainKeyReplace": 8,
    "domainRemove": 6,
    "webhookCreate": 10,
    "webhookUpdate": 11,
    "webhookDelete": 6,
    "webhookSecretRotate": 8,
    "webhookTest": 6,
    "webhookReplay": 5,
    "webhookResume": 8,
    "webhookPause": 5,
    "webhookDeliveryRetry": 7,
    "webhookReplayCancel": 6,
    "planChange": 13,
    "planChangeWithdraw": 9,
    "limitIncrease": 9,
    "sendReserve": 18,
    "blockListAdd": 3,
    "blockListRemove": 5,
    "unsubscribeReport": 3,
    "bounceReport": 5,
    "resubscribe": 4,
    "sendCommit": 9,
    "sendVoid": 12,
    "campaignCreate": 6,
    "campaignUpdate": 7,
    "campaignDelete": 5,
    "campaignCopy": 7,
    "campaignSend": 24,
    "campaignSchedule": 6,
    "campaignApprove": 23,
    "campaignPause": 5,
    "campaignResume": 7,
    "campaignCancel": 5,
    "sendBudgetUpdate": 11,
    "creditBudgetUpdate": 9,
    "billingModeUpdate": 7,
    "billingDetailsUpdate": 5,
    "contactUpsert": 5,
    "contactUpdate": 13,
    "contactErase": 5,
    "contactListCreate": 12,
    "contactListUpdate": 12,
    "contactListDelete": 4,
    "contactAttributeCreate": 8,
    "contactAttributeDelete": 4,
    "contactImportCancel": 6,
    "templateCreate": 12,
    "templateUpdate": 12,
    "templateDelete": 4,
    "messageSend": 21,
    "sendingSourcePause": 4,
    "sendingSourceResume": 5,
    "sendingSourceStaffPause": 11,
    "sendingSourceStaffResume": 12,
    "messageCancel": 12,
    "messageEventsReport": 4,
    "ordersReport": 5,
}


@pytest.fixture(scope="module")
async def stage(database: AsyncEngine) -> Stage:
    """One world for all mutations."""
    return await Stage.of(World(database))


_REFUSED_IN_THE_MATRIX = {"signUp", "passwordChange", "passwordReset", "subaccountsRequest"}
_REFUSED_IN_THE_MATRIX |= {"userUpdate", "userDelete", "emailChange"}
_REFUSED_IN_THE_MATRIX |= {"singleSignOnUpdate", "singleSignOnRemove", "singleSignOnComplete"}
_REFUSED_IN_THE_MATRIX |= {"sessionLimitsUpdate", "signInConfirm", "secondFactorRequire"}
_REFUSED_IN_THE_MATRIX |= {"totpStart", "totpConfirm", "totpDisable", "recoveryCodesRenew"}
_REFUSED_IN_THE_MATRIX |= {"passkeyStart", "passkeyAdd", "passkeyRemove", "passkeySignIn"}
_REFUSED_IN_THE_MATRIX |= {"secondFactorResetApprove", "secondFactorResetWithdraw", "secondFactorStaffReset"}
"""What nobody does in the matrix."""


def test_every_mutation_is_counted() -> None:
    assert root_fields(SCHEMA.mutation_type).keys() - TRIPS.keys() == _REFUSED_IN_THE_MATRIX


@pytest.mark.parametrize("name", TRIPS)
async def test_a_mutation_takes_so_many_trips(name: str, stage: Stage, api: Api) -> None:
    mutation = MUTATIONS[name]
    caller = min(each for each, expected in mutation.expected.items() if expected == DONE)
    for _ in range(2):
        values = await mutation.prepare(stage)
        with trips() as found:
            answer = await mutate(api, name, stage.callers[caller], values)
        assert outcome(answer, name) == DONE
        await mutation.restore(stage, caller)
    await stage.reopen()
    assert len(found) == TRIPS[name], found
