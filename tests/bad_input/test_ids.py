"""Ids that name nothing, something else, or something of somebody else: NOT_FOUND, and nothing is changed."""

import uuid
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type
from sqlalchemy import delete

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present, present_in_account
from models.effects.attempts import attempts
from tests.bad_input.inputs import (
    FOR_ALL_ACCOUNTS,
    ID_FIELDS,
    NAMING_THE_ACCOUNT,
    NOT_IN_SELF_SERVICE,
    inputs,
)
from tests.bad_input.place import Place, make_place, nowhere, stored
from tests.by_day import one_in
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.client.schema import SCHEMA
from tests.world.world import World

MUTATIONS = {
    "subaccountCreate": ["copyFrom", "parentId"],
    "accountUpdate": ["accountId"],
    "sessionRevoke": ["sessionId"],
    "sessionLimitsUpdate": ["accountId"],
    "passkeyRemove": ["passkeyId"],
    "secondFactorRequire": ["accountId"],
    "secondFactorResetApprove": ["memberId"],
    "accountSuspend": ["accountId"],
    "accountResume": ["accountId"],
    "accountClose": ["accountId"],
    "accountReopen": ["accountId"],
    "memberInvite": ["accountId", "roleId"],
    "invitationRevoke": ["invitationId"],
    "invitationAccept": ["invitationId"],
    "invitationDecline": ["invitationId"],
    "memberUpdate": ["memberId", "roleId"],
    "memberRemove": ["memberId"],
    "memberLeave": ["accountId"],
    "ownershipAccept": ["accountId"],
    "ownershipDecline": ["accountId"],
    "ownershipTransferWithdraw": ["accountId"],
    "ownershipTransfer": ["accountId", "toMemberId", "fromMemberId"],
    "shareCreate": ["accountIds", "roleId"],
    "shareUpdate": ["shareId", "accountIds", "roleId"],
    "shareRevoke": ["shareId"],
    "shareLeave": ["shareId"],
    "personRemove": ["accountId", "userId"],
    "apiKeyCreate": ["accountId", "roleId"],
    "apiKeyUpdate": ["apiKeyId"],
    "apiKeyAdopt": ["apiKeyId"],
    "apiKeyRevoke": ["apiKeyId"],
    "apiKeyRotate": ["apiKeyId"],
    "tokenNarrow": ["accountIds"],
    "accessPromiseCreate": ["accountId", "roleIds"],
    "accessPromiseEnd": ["accessPromiseId"],
    "accessReviewStart": ["accountId"],
    "accessReviewCancel": ["accessReviewId"],
    "accessReviewItemConfirm": ["accessReviewItemId"],
    "accessReviewItemEnd": ["accessReviewItemId"],
    "tokenRevoke": ["narrowedTokenId"],
    "roleCreate": ["accountId"],
    "roleUpdate": ["roleId"],
    "roleDelete": ["roleId"],
    "parentAccessUpdate": ["accountId"],
    "parentAccessAnswer": ["accountId"],
    "parentAccessWithdraw": ["accountId"],
    "breakGlassOpen": ["accountId"],
    "breakGlassEnd": ["breakGlassId"],
    "settingsUpdate": ["accountId"],
    "settingsCopy": ["fromAccountId", "toAccountId"],
    "subaccountsRequest": ["accountId"],
    "subaccountsRequestDecline": ["accountId"],
    "subaccountsRequestWithdraw": ["accountId"],
    "accountStaffSuspend": ["accountId"],
    "accountStaffResume": ["accountId"],
    "overrideCreate": ["accountId", "memberId"],
    "overrideApprove": ["accountId", "overrideId"],
    "overrideEnd": ["accountId", "overrideId"],
    "reviewRequest": ["accountId"],
    "reviewApprove": ["accountId", "reviewId"],
    "reviewDecline": ["accountId", "reviewId"],
    "reviewRevoke": ["accountId"],
    "creditTransfer": ["fromAccountId", "toAccountId"],
    "creditModeUpdate": ["accountId"],
    "creditTopUp": ["accountId", "paymentMethodId"],
    "paymentMethodAdd": ["accountId"],
    "paymentMethodRemove": ["paymentMethodId"],
    "topUpRuleUpdate": ["accountId", "paymentMethodId"],
    "topUpRuleRemove": ["accountId"],
    "domainAdd": ["accountId"],
    "domainVerify": ["domainId"],
    "domainKeyReplace": ["domainId"],
    "domainRemove": ["domainId"],
    "webhookCreate": ["accountId", "apiKeyId"],
    "webhookUpdate": ["webhookId", "apiKeyId"],
    "webhookDelete": ["webhookId"],
    "webhookSecretRotate": ["webhookId"],
    "webhookTest": ["webhookId"],
    "webhookReplay": ["webhookId"],
    "webhookReplayCancel": ["webhookId"],
    "webhookDeliveryRetry": ["deliveryId"],
    "webhookPause": ["webhookId"],
    "webhookResume": ["webhookId"],
    "planChange": ["accountId", "planId"],
    "planChangeWithdraw": ["accountId"],
    "limitIncrease": ["accountId"],
    "sendReserve": ["accountId", "recipientListId", "contactListId"],
    "blockListAdd": ["accountId"],
    "blockListRemove": ["accountId"],
    "unsubscribeReport": ["accountId"],
    "bounceReport": ["accountId"],
    "resubscribe": ["accountId", "contactListId"],
    "sendCommit": ["reservationId"],
    "sendVoid": ["reservationId"],
    "messageSend": ["accountId"],
    "messageCancel": ["messageId"],
    "messageEventsReport": ["accountId"],
    "ordersReport": ["accountId"],
    "sendingSourcePause": ["accountId", "apiKeyId"],
    "sendingSourceResume": ["accountId", "apiKeyId"],
    "sendingSourceStaffPause": ["accountId", "apiKeyId"],
    "sendingSourceStaffResume": ["accountId", "apiKeyId"],
    "campaignCreate": ["accountId", "templateId", "contactListIds", "excludedContactListIds"],
    "campaignUpdate": ["campaignId", "templateId", "contactListIds", "excludedContactListIds"],
    "campaignDelete": ["campaignId"],
    "campaignSend": ["campaignId"],
    "campaignSchedule": ["campaignId"],
    "campaignApprove": ["campaignId"],
    "campaignPause": ["campaignId"],
    "campaignResume": ["campaignId"],
    "campaignCancel": ["campaignId"],
    "campaignCopy": ["campaignId", "accountId"],
    "sendBudgetUpdate": ["accountId"],
    "creditBudgetUpdate": ["accountId"],
    "billingModeUpdate": ["accountId"],
    "billingDetailsUpdate": ["accountId"],
    "singleSignOnUpdate": ["accountId", "defaultRoleId", "breakGlassMemberIds"],
    "singleSignOnRemove": ["accountId"],
    "scimGroupRoleSet": ["groupId", "accountId", "roleId"],
    "contactUpsert": ["accountId"],
    "contactUpdate": ["contactId", "addToLists", "removeFromLists"],
    "contactErase": ["contactId"],
    "contactListCreate": ["accountId"],
    "contactListUpdate": ["contactListId"],
    "contactListDelete": ["contactListId"],
    "templateCreate": ["accountId"],
    "templateUpdate": ["templateId"],
    "templateDelete": ["templateId"],
    "contactImportCancel": ["jobId"],
    "contactAttributeCreate": ["accountId"],
    "contactAttributeDelete": ["accountId"],
}
"""The mutations that take ids, and their fields that are ids."""


def _malformed(kind: Kind, right: str) -> list[object]:
    number = right.partition("_")[2]
    return [
        "",
        " ",
        f"{kind}_",
        number,
        right.upper(),
        f" {right}",
        f"{right}\n",
        f"{right}_{number}_{number}",
        right[:-1],
        f"{kind}_{{{number}}}",
        f"{kind}_{number.replace('-', '')}",
        f"{kind}_' OR true; --",
        "\N{GRINNING FACE}" * 41,
        "x" * 10_000,
        0,
        -(2**31),
    ]


def _of_others(kind: Kind, place: Place, foreign: Place) -> list[object]:
    """Ids of nothing, of another tree, of another kind, and of another kind's row behind the right prefix."""
    own = place.ids()
    others = [id_ for other, id_ in own.items() if other is not kind]
    rows = [uuid.UUID(id_.rpartition("_")[2]) for id_ in others]
    nothing = [uuid.uuid4(), uuid.UUID(int=0)]
    found: list[object] = [foreign.id_of(kind), *others, *(present(kind, row) for row in nothing + rows)]
    if kind in NAMING_THE_ACCOUNT:
        strange = uuid.UUID(foreign.id_of(kind).rpartition("_")[2])
        here = [present_in_account(kind, place.account.key, row) for row in [*nothing, strange, *rows]]
        mine = uuid.UUID(place.id_of(kind).rpartition("_")[2])
        elsewhere = (place.master.key, foreign.account.key, uuid.uuid4())
        found += [*here, *(present_in_account(kind, account, mine) for account in elsewhere)]
    return found


async def _forget_attempts(world: World) -> None:
    """Each field is tried more often than one caller may try in an hour."""
    async with world.database.begin() as connection:
        await connection.execute(delete(attempts))


@pytest.mark.parametrize("mutation", one_in(6, MUTATIONS))
async def test_what_names_nothing_here_is_not_found(
    api: Api, world: World, place: Place, foreign: Place, mutation: str
) -> None:
    before = await stored(world, place, foreign)
    for field in MUTATIONS[mutation]:
        right, kind = inputs(place)[mutation], ID_FIELDS[field]
        if (mutation, field) == ("contactUpdate", "contactId"):
            # Lists of the right contact's account are found as little as the wrong contact.
            right |= {"addToLists": [], "removeFromLists": []}
        if (mutation, field) == ("sendReserve", "contactListId"):
            right |= {"recipientListId": None}
        await _forget_attempts(world)
        listed = isinstance(right[field], list)
        good = str(right[field][0] if listed else right[field] or place.id_of(kind))
        others = _of_others(kind, place, foreign)
        if mutation in FOR_ALL_ACCOUNTS and kind is Kind.ACCOUNT:
            others.remove(foreign.ids()[kind])
        for wrong in others + _malformed(kind, good):
            given = {field: [good, wrong] if listed else wrong}
            refused = await attempt(api, mutation, place.caller(mutation), **(right | given))
            assert (refused.answer.status, refused.answer.errors) == (200, []), wrong
            assert (refused.code, refused.named) == ("NOT_FOUND", field), (field, wrong)
    assert await stored(world, place, foreign) == before


@pytest.mark.parametrize("mutation", ["accountClose", "memberRemove", "apiKeyRevoke"])
async def test_what_is_no_text_is_refused_as_a_whole(
    api: Api, world: World, place: Place, mutation: str
) -> None:
    before = await stored(world, place)
    (field,) = MUTATIONS[mutation]
    wrong: list[object] = [None, True, 1.5, [], ["a", "b"], {}]
    for value in wrong:
        refused = await attempt(api, mutation, place.above, **(inputs(place)[mutation] | {field: value}))
        assert (refused.code, refused.answer.data) == ("BAD_USER_INPUT", None), value
    assert await stored(world, place) == before


async def test_ids_of_one_input_lie_in_one_account(api: Api, world: World, place: Place) -> None:
    """T1: a right in one account opens no member of another, also where the caller has rights in both."""
    other = await make_place(api, world)
    await world.member(other.master, BuiltinRole.ADMINISTRATOR, place.above.person)
    before = await stored(world, place, other)
    transfer = inputs(place)["ownershipTransfer"]
    for field in ("toMemberId", "fromMemberId"):
        refused = await attempt(
            api, "ownershipTransfer", place.above, **(transfer | {field: other.member.id})
        )
        assert (refused.code, refused.named) == ("NOT_FOUND", field)
    seen_from_here = f"{other.member.id}_{place.account.key}"
    refused = await attempt(api, "memberRemove", place.above, memberId=seen_from_here)
    assert refused.code in {"NOT_FOUND", "INHERITED_MEMBER"}
    assert await stored(world, place, other) == before


@pytest.mark.parametrize("mutation", one_in(6, sorted(inputs(nowhere()).keys() - NOT_IN_SELF_SERVICE)))
async def test_the_right_input_works(api: Api, stranger: Api, world: World, mutation: str) -> None:
    """Else the refusals of wrong ones would prove nothing."""
    place = await make_place(api, world)
    made = await attempt(stranger, mutation, place.caller(mutation), **inputs(place)[mutation])
    assert made.done, made


def test_every_mutation_and_every_field_is_tried() -> None:
    """The list of right inputs holds every field of every input in the schema, and the ids are told apart."""
    mutations = SCHEMA.mutation_type
    assert mutations is not None
    fields: dict[str, set[str]] = {}
    ids: dict[str, list[str]] = {}
    for name, mutation in mutations.fields.items():
        for argument in mutation.args.values():
            input_type: Any = get_named_type(argument.type)
            assert isinstance(input_type, GraphQLInputObjectType)
            # tests/authz/rules/test_dry_runs.py knows which ones take it.
            fields[name] = set(input_type.fields) - {"dryRun"}
            ids[name] = [
                field for field, value in input_type.fields.items() if get_named_type(value.type).name == "ID"
            ]
    shown = inputs(nowhere())
    assert fields == {name: set(values) for name, values in shown.items()}
    assert {name: sorted(found) for name, found in ids.items() if found} == {
        name: sorted(found) for name, found in MUTATIONS.items()
    }
