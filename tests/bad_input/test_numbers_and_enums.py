"""Values of a wrong type or out of range: refused as a whole, before anything is done."""

import pytest

from tests.bad_input.inputs import inputs
from tests.bad_input.place import Place, make_place, stored
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.world import World

WRONG: dict[str, dict[str, list[object]]] = {
    "accountUpdate": {
        "expectedVersion": [None, "1", 1.5, True, 2**31, -(2**31) - 1, 2**53, [1, 2], {}],
        "rightsInheritance": ["", "all_roles", "NONE", 1, True, ["ALL_ROLES", "ALL_ROLES"]],
        "unknown": ["x"],
    },
    "apiKeyCreate": {
        "permissions": ["EVERYTHING", ["EVERYTHING"], [None], ["ACCOUNT_READ", 1], {}, 7],
        "name": [None, 7, True, ["a", "b"], {}],
    },
    "roleCreate": {
        "permissions": [None, "EVERYTHING", ["EVERYTHING"], [None], ["ACCOUNT_READ", 1], {}, 7],
        "permissionsBelow": [None, ["EVERYTHING"], [None], {}, True],
        "name": [None, 7, ["a", "b"]],
        "description": [None, 7, {}],
    },
    "roleUpdate": {
        "expectedVersion": [None, "1", 1.5, True, 2**31],
        "permissions": ["EVERYTHING", [None]],
        "unknown": ["x"],
    },
    "memberInvite": {
        "email": [None, 7, True, {}],
        "idempotencyKey": [None, 7, {}],
    },
    "parentAccessUpdate": {
        "expectedVersion": [None, "1", 1.5, True, 2**31],
        "parentAccess": [None, "", "full", "ALL", 1, True, ["FULL", "NONE"]],
        "reason": [None, 7, {}],
    },
    "parentAccessAnswer": {
        "parentAccess": [None, "", "full", 1],
        "accept": [None, "", "true", 1, 0],
    },
    "breakGlassOpen": {
        "hours": [None, "1", 1.5, True, 2**31, -(2**31) - 1, [1, 2], {}],
        "reason": [None, 7, True],
    },
    "creditTransfer": {
        "amount": [
            *[
                None,
                True,
                0.5,
                1.0,
                1e3,
                "1.5",
                "1e3",
                "NaN",
                "Infinity",
                "",
                " 1",
                "+1",
                "01",
                "0x1",
                "\u0661",
            ],
            *[2**53, -(2**53), 2**63, 10**30, str(2**63), "9" * 30, "-" + "9" * 19, [1, 2], {}],
        ],
        "memo": [7, {}],
        "idempotencyKey": [None, 7],
    },
    "creditTopUp": {"amount": [None, 0.5, "1.5", 2**53, str(2**63)]},
    "topUpRuleUpdate": {
        "threshold": [0.5, "1.5", 2**53, str(2**63), "NaN"],
        "amount": [0.5, "1.5", 2**53, str(2**63)],
        "dailyMaximum": [0.5, "1.5", 2**53, str(2**63)],
    },
    "creditModeUpdate": {"mode": [None, "", "own_balance", 1, True]},
    "planChange": {"expectedVersion": [None, "1", 1.5], "timeZone": [7, {}], "planId": [None, {}]},
    "planChangeWithdraw": {"expectedVersion": [None, "1", 1.5]},
    "limitIncrease": {"blocks": [None, "1", 1.5, True, 2**31], "idempotencyKey": [None, 7]},
    "sendReserve": {
        "stream": [None, "", "marketing", 1],
        "recipients": [7, [None], [7], {}],
        "recipientHashes": [7, [None], [7]],
        "recipientListId": [1.5, {}],
        "contactListId": [1.5, {}],
        "idempotencyKey": [None, 7],
    },
    "messageSend": {
        "stream": [None, "", "marketing", 1],
        "label": [7, {}],
        "messages": [None, 7, [None], [{}], [{"idempotencyKey": "1"}], [{"to": "ann@example.com"}]],
    },
    "campaignCreate": {
        "messagesPerHour": [2**31, 1.5, "1", True],
        "contactListIds": [{}, [None]],
        "name": [None, 7],
    },
    "sendBudgetUpdate": {
        "cap": ["1", 1.5, True, 2**31, -(2**31) - 1],
        "guarantee": ["1", 1.5, True, 2**31, -(2**31) - 1],
    },
    "creditBudgetUpdate": {
        "cap": [0.5, "1.5", 2**53, str(2**63), "NaN"],
        "guarantee": [0.5, "1.5", 2**53, str(2**63)],
    },
    "billingModeUpdate": {"mode": [None, "", "separate", 1, True]},
    "billingDetailsUpdate": {
        "name": [7, {}],
        "country": [7, ["DE", "FR"]],
        "vatId": [7, {}],
        "email": [7, {}],
    },
    "signUp": {"currency": [None, "eur", "XXX", "BTC", 978]},
    "signIn": {"password": [None, 7, {}], "email": [None, 7, {}]},
    "invitationAccept": {"token": [7, {}], "invitationId": [{}]},
}


@pytest.mark.parametrize("mutation", WRONG)
async def test_a_value_of_a_wrong_type_is_refused(
    api: Api, world: World, place: Place, mutation: str
) -> None:
    before = await stored(world, place)
    right = inputs(place)[mutation]
    for field, values in WRONG[mutation].items():
        for value in values:
            refused = await attempt(api, mutation, place.caller(mutation), **(right | {field: value}))
            assert refused.code == "BAD_USER_INPUT", (field, value)
            told = [error["message"] for error in refused.answer.errors]
            assert not any(word in text for text in told for word in ("None", "True", "False")), told
            assert refused.answer.data is None
    assert await stored(world, place) == before


@pytest.mark.parametrize(
    "mutation",
    ["accountUpdate", "memberInvite", "ownershipTransfer", "apiKeyCreate", "roleCreate", "roleUpdate"],
)
async def test_a_field_that_is_needed_is_missing(api: Api, world: World, place: Place, mutation: str) -> None:
    before = await stored(world, place)
    right = inputs(place)[mutation]
    needed = {
        "accountUpdate": {"accountId", "expectedVersion"},
        "memberInvite": {"accountId", "email", "roleId", "idempotencyKey"},
        "ownershipTransfer": {"accountId", "toMemberId"},
        "apiKeyCreate": {"accountId", "name", "roleId"},
        "roleCreate": {"accountId", "name", "permissions"},
        "roleUpdate": {"roleId", "expectedVersion"},
    }
    for missing in needed[mutation]:
        rest = {field: value for field, value in right.items() if field != missing}
        input_type = f"{mutation[0].upper()}{mutation[1:]}Input"
        query = (
            f"mutation ($input: {input_type}!) {{ {mutation}(input: $input) {{ userErrors {{ code }} }} }}"
        )
        refused = await api.ask(query, place.above, input=rest)
        assert (refused.codes, refused.data) == (["BAD_USER_INPUT"], None), missing
    assert await stored(world, place) == before


async def test_a_filter_of_a_wrong_type_is_refused(api: Api, place: Place) -> None:
    for arguments in (
        "status: OPEN",
        "status: active",
        'status: "ACTIVE"',
        "kind: 1",
        "orderBy: null",
        "orderBy: ID",
        "orderBy: [NAME]",
        "search: 7",
        "unknown: 1",
    ):
        answer = await api.ask(f"{{ viewer {{ accounts({arguments}) {{ totalCount }} }} }}", place.above)
        assert (answer.data, set(answer.codes)) == (None, {"BAD_USER_INPUT"}), arguments


async def test_a_number_is_no_way_around_a_version(api: Api, world: World) -> None:
    """1.0 is an integer to GraphQL; what is not the version is a conflict, whatever its size."""
    place = await make_place(api, world)
    # What was booked keeps its currency, whatever the version.
    right = {key: value for key, value in inputs(place)["accountUpdate"].items() if key != "currency"}
    for version in (0, -1, 2, 2**31 - 1, -(2**31)):
        refused = await attempt(api, "accountUpdate", place.above, **(right | {"expectedVersion": version}))
        assert refused.code == "CONFLICT"
        assert refused.user_error is not None
        assert refused.user_error["currentVersion"] == 1
    assert (await attempt(api, "accountUpdate", place.above, **(right | {"expectedVersion": 1.0}))).done
