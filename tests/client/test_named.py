"""The check of all answers finds what it looks for."""

from typing import Any

import pytest

from tests.client.named import check_named

_SEND = "mutation ($input: MessageSendInput!) { sent: messageSend(input: $input) { userErrors { code } } }"
_ACCOUNT = "query { account(id: 1) { contacts(first: 1) { nodes { id } } } }"


def _refused(path: list[str] | None, message: str = "No.") -> dict[str, Any]:
    return {"sent": {"outcomes": [{"error": {"code": "X", "field": path, "message": message}}]}}


@pytest.mark.parametrize(
    "data",
    [
        _refused(["input", "phoneCountry"]),
        _refused(["messages", "0"]),
        _refused(["input", "messages", "to"]),
        _refused(["input", "messages", "0", "phone"]),
        _refused(["input", "messages", "0", "to", "more"]),
        _refused(None, "Say the country in `phoneCountry`."),
    ],
)
def test_a_foreign_name_is_found(data: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_named(_SEND, data, [])


def test_its_own_names_are_right() -> None:
    for path in (["input", "messages", "0", "headers", "1"], ["input", "label"], None):
        message = "Give `templateId`, or set `senderAddress`: see `domains` and `campaignUpdate`."
        check_named(_SEND, _refused(path, message), [])


def test_a_querys_argument_is_looked_for_at_its_field() -> None:
    error = {"path": ["account", "contacts"], "message": "No.", "extensions": {"argument": "phone"}}
    check_named(_ACCOUNT, None, [error])
    for wrong in ({"extensions": {"argument": "phoneCountry"}}, {"message": "Give `phoneCountry`."}):
        with pytest.raises(AssertionError):
            check_named(_ACCOUNT, None, [error | wrong])
