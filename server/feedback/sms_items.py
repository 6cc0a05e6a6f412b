"""What a gateway of SMS writes in a request: receipts and answers, each read by itself.

    {"events": [
      {"type": "receipt", "id": "mmsg_...", "status": "DELIVERED", "at": "2026-11-30T12:00:00Z"},
      {"type": "answer", "from": "+46701234567", "to": "+46700000000", "text": "STOP", "at": "..."}
    ]}

The gateway may add whatever else it wants to its items.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from authz.policy.refusals import NotFound, Refusal, RefusalCode
from models.base.ids import AccountId
from models.messages.events import LONGEST_DIAGNOSTIC, MessageEventKind
from resolvers.inputs.phones import phone_number
from resolvers.messages.events.answers import Answer
from resolvers.messages.events.given import OLDEST
from resolvers.messages.events.receipts import Receipt
from resolvers.messages.ids import required_message
from resolvers.messages.sms import sms_sender
from resolvers.messages.sms_words import folded, wish_of
from resolvers.suppressions.reports import past_moment

_KINDS = {
    "DELIVERED": MessageEventKind.DELIVERED,
    "FAILED": MessageEventKind.HARD_BOUNCE,
    "DELAYED": MessageEventKind.SOFT_BOUNCE,
    "UNKNOWN": None,
}
"""What a status of a receipt means."""

_LONGEST_ANSWER = 2_000
"""Characters. A word is shorter, and what is cut is none."""


@dataclass(frozen=True)
class ReceiptItem:
    """`account_id`: whose message it is."""

    account_id: AccountId
    receipt: Receipt


@dataclass(frozen=True)
class Malformed:
    """`message`: what is wrong, for people."""

    message: str


class Nothing:
    """It is well written and says nothing that is recorded."""


class OfNobody:
    """It names no message of ours."""


Item = ReceiptItem | Answer | Malformed | Nothing | OfNobody


def read_item(given: object) -> Item:
    """One item. Numbers are read by rules of all countries: do not call it in the event loop."""
    if not isinstance(given, dict):
        return Malformed("An event must be an object.")
    try:
        match given.get("type"):
            case "receipt":
                return _receipt(given)
            case "answer":
                return _answer(given)
    except NotFound:
        return OfNobody()
    except Refusal as wrong:
        return Malformed(f"{wrong.field}: {wrong.message}")
    return Malformed("type: Must be receipt or answer.")


def _receipt(given: Mapping[str, object]) -> ReceiptItem | Nothing:
    status = _text(given, "status")
    if status not in _KINDS:
        raise _wrong("status", f"Must be one of {', '.join(_KINDS)}.")
    happened_at = _moment(given)
    stream, named = required_message(_text(given, "id"), "id")
    kind = _KINDS[status]
    if kind is None:
        return Nothing()
    receipt = Receipt(
        message_id=named.id,
        stream=stream,
        kind=kind,
        happened_at=happened_at,
        diagnostic=None if kind is MessageEventKind.DELIVERED else _reason(given),
    )
    return ReceiptItem(named.account_id, receipt)


def _reason(given: Mapping[str, object]) -> str | None:
    """Whatever the gateway or the network says of a failure, as far as there is room."""
    if given.get("reason") is None:
        return None
    printable = "".join(each if each.isprintable() else " " for each in _text(given, "reason"))
    return " ".join(printable.split())[:LONGEST_DIAGNOSTIC] or None


def _answer(given: Mapping[str, object]) -> Answer | Nothing:
    number = phone_number(_text(given, "from"), None, "from").canonical
    sender = sms_sender(_text(given, "to"), "to")
    text, happened_at = _text(given, "text")[:_LONGEST_ANSWER], _moment(given)
    wish = wish_of(text, number)
    if wish is None:
        return Nothing()
    return Answer(number=number, sender=sender, wish=wish, word=folded(text), happened_at=happened_at)


def _moment(given: Mapping[str, object]) -> datetime.datetime:
    try:
        moment = datetime.datetime.fromisoformat(_text(given, "at"))
    except ValueError as error:
        raise _wrong("at", "Must be a date and time, such as 2026-11-30T12:00:00Z.") from error
    found = past_moment(moment, "at")
    if found < datetime.datetime.now(datetime.UTC) - OLDEST:
        raise _wrong("at", f"Must lie at most {OLDEST.days} days back.")
    return found


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str):
        raise _wrong(name, "Must be a text.")
    return value


def _wrong(field: str, message: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, message, field)
