"""A dry run of every mutation that changes access, by every kind of caller (N4)."""

import pytest
from graphql import GraphQLInputObjectType, get_named_type
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.authz.escalation.outcomes import DONE, mutate, outcome, root_fields
from tests.authz.matrix.matrices import dry_run, matrix_of, own_id, seen_changes, told
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_fields import MUTATIONS
from tests.by_day import one_in
from tests.client.api import Api
from tests.client.schema import SCHEMA
from tests.database.stored import fingerprints
from tests.world.world import Person, World

_WITHOUT = {
    "signUp": "makes a tree of its own",
    "signIn": "changes no right",
    "signOut": "changes no right",
    "passwordChange": "changes no right",
    **dict.fromkeys(("userUpdate", "emailChange"), "changes no right"),
    "userDelete": "only who asks loses anything, and is asked for the password",
    **dict.fromkeys(("emailVerify", "emailVerificationRequest"), "changes no right"),
    **dict.fromkeys(("passwordResetRequest", "passwordReset"), "belongs to nobody who is signed in"),
    "subaccountCreate": "nobody gains or loses anything in an account that is there",
    **dict.fromkeys(("invitationDecline", "shareDecline"), "nobody has what is declined"),
    "overrideApprove": "changes no right",
    **dict.fromkeys(("reviewRequest", "reviewApprove", "reviewDecline", "reviewRevoke"), "changes no right"),
    **dict.fromkeys(("accountStaffSuspend", "accountStaffResume"), "staff see nobody's rights"),
    "subaccountsRequest": "changes no right",
    "subaccountsRequestDecline": "changes no right",
    **dict.fromkeys(("subaccountsRequestWithdraw", "parentAccessWithdraw"), "changes no right"),
    **dict.fromkeys(("ownershipDecline", "ownershipTransferWithdraw"), "changes no right"),
    **dict.fromkeys(("creditTransfer", "creditTopUp"), "changes no right"),
    **dict.fromkeys(
        ("planChange", "planChangeWithdraw", "limitIncrease", "sendBudgetUpdate", "creditBudgetUpdate"),
        "changes no right",
    ),
    **dict.fromkeys(("billingModeUpdate", "billingDetailsUpdate"), "changes no right"),
    **dict.fromkeys(("sendReserve", "sendCommit", "sendVoid"), "changes no right"),
    **dict.fromkeys(
        ("messageSend", "messageCancel", "messageEventsReport", "ordersReport"), "changes no right"
    ),
    **dict.fromkeys(("sendingSourcePause", "sendingSourceResume"), "changes no right"),
    **dict.fromkeys(("sendingSourceStaffPause", "sendingSourceStaffResume"), "changes no right"),
    **dict.fromkeys(
        ("campaignCreate", "campaignUpdate", "campaignDelete", "campaignCopy"), "changes no right"
    ),
    **dict.fromkeys(("campaignSend", "campaignSchedule", "campaignApprove"), "changes no right"),
    **dict.fromkeys(("campaignPause", "campaignResume", "campaignCancel"), "changes no right"),
    **dict.fromkeys(("paymentMethodAdd", "paymentMethodRemove"), "changes no right"),
    **dict.fromkeys(("topUpRuleUpdate", "topUpRuleRemove"), "changes no right"),
    "settingsUpdate": "changes no right",
    **dict.fromkeys(("sessionRevoke", "sessionRevokeOthers", "sessionLimitsUpdate"), "changes no right"),
    **dict.fromkeys(("totpStart", "totpConfirm", "totpDisable", "recoveryCodesRenew"), "changes no right"),
    **dict.fromkeys(
        ("passkeyStart", "passkeyAdd", "passkeyRemove", "passkeySignInStart"), "changes no right"
    ),
    **dict.fromkeys(("signInConfirm", "passkeySignIn"), "changes no right"),
    "secondFactorRequire": "changes no right, but what a session needs to use one",
    **dict.fromkeys(
        ("secondFactorResetRequest", "secondFactorResetApprove", "secondFactorResetWithdraw"),
        "changes no right",
    ),
    "secondFactorStaffReset": "changes no right",
    "tokenNarrow": "gives nobody more than the caller has, and for an hour",
    "tokenRevoke": "ends a token, which has no rights of its own",
    **dict.fromkeys(("accessPromiseCreate", "accessPromiseEnd"), "changes no right"),
    **dict.fromkeys(("accessReviewItemConfirm", "accessReviewCancel"), "changes no right"),
    **dict.fromkeys(("domainAdd", "domainVerify", "domainKeyReplace", "domainRemove"), "changes no right"),
    **dict.fromkeys(("webhookCreate", "webhookUpdate", "webhookDelete"), "changes no right"),
    **dict.fromkeys(
        (
            "webhookSecretRotate",
            "webhookTest",
            "webhookReplay",
            "webhookReplayCancel",
            "webhookDeliveryRetry",
            "webhookPause",
            "webhookResume",
        ),
        "changes no right",
    ),
    **dict.fromkeys(("singleSignOnUpdate", "singleSignOnRemove"), "changes no right"),
    "singleSignOnComplete": "opens a session of the person itself",
    **dict.fromkeys(("blockListAdd", "blockListRemove"), "changes no right"),
    **dict.fromkeys(("unsubscribeReport", "bounceReport", "resubscribe"), "changes no right"),
    **dict.fromkeys(("contactUpsert", "contactUpdate", "contactErase"), "changes no right"),
    **dict.fromkeys(("templateCreate", "templateUpdate", "templateDelete"), "changes no right"),
    **dict.fromkeys(("contactListCreate", "contactListUpdate", "contactListDelete"), "changes no right"),
    **dict.fromkeys(
        ("contactAttributeCreate", "contactAttributeDelete", "contactImportCancel"), "changes no right"
    ),
}
_DOING = {"administrator", "developer", "key_of_parent"}
"""Where they may do it, no others are tried: they see all of it, the keys, and all of it as a key."""
_WITH = sorted(MUTATIONS.keys() - _WITHOUT.keys())


@pytest.fixture(scope="module")
async def stage(registry: World) -> Stage:
    """One world for all mutations."""
    return await Stage.of(registry)


@pytest.fixture(scope="module")
async def watcher(stage: Stage, registry: World) -> Person:
    """Somebody who sees all of the tree, whatever passes its links, and whom no mutation touches."""
    watcher = await registry.person()
    for account in stage.tree:
        await registry.member(account, BuiltinRole.ADMINISTRATOR, watcher)
    return watcher


def test_every_mutation_has_a_dry_run_or_a_reason() -> None:
    found = set()
    for name, field in root_fields(SCHEMA.mutation_type).items():
        inputs = [get_named_type(argument.type) for argument in field.args.values()]
        if any("dryRun" in type_.fields for type_ in inputs if isinstance(type_, GraphQLInputObjectType)):
            found.add(name)
    assert found == set(_WITH)


@pytest.mark.parametrize("name", one_in(4, _WITH))
async def test_it_is_refused_as_in_earnest(name: str, stage: Stage, database: AsyncEngine, api: Api) -> None:
    """With the same answer, and with nothing changed."""
    mutation = MUTATIONS[name]
    refused = [caller for caller in stage.callers if mutation.expected[caller] != DONE]
    values, before = await mutation.prepare(stage), await fingerprints(database)
    assert values is not None
    found = {}
    for caller in refused:
        found[caller] = outcome(await dry_run(api, name, stage.callers[caller], values), name)
    assert await fingerprints(database) == before
    await stage.reopen()
    assert found == {caller: mutation.expected[caller] for caller in refused}


@pytest.mark.parametrize("name", one_in(4, _WITH))
async def test_it_says_what_then_happens_and_leaves_no_trace(
    name: str, stage: Stage, watcher: Person, database: AsyncEngine, api: Api
) -> None:
    """Who may do it is told exactly what then happens, as far as it may see that."""
    mutation = MUTATIONS[name]
    doing = {caller for caller in stage.callers if mutation.expected[caller] == DONE}
    for caller in sorted(doing & _DOING or doing):
        bearer, values = stage.callers[caller], await mutation.prepare(stage)
        assert values is not None
        before = await fingerprints(database)
        answer = await dry_run(api, name, bearer, values)
        assert await fingerprints(database) == before, caller
        assert outcome(answer, name) == DONE
        asker, old = await own_id(api, bearer), await matrix_of(api, watcher, stage.tree)
        assert outcome(await mutate(api, name, bearer, values), name) == DONE
        new = await matrix_of(api, watcher, stage.tree)
        assert told(answer, name, old, new) == seen_changes(old, new, asker), caller
        await mutation.restore(stage, caller)
    await stage.reopen()
