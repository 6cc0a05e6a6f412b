"""Every way of sending, held against every gate (T29): a new mutation or job that sends needs a row here.

Written by hand from the manual.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

DONE = ""


@dataclass(frozen=True)
class Gate:
    """What keeps an account from sending. `code`: as clients are told."""

    code: str


GATES = {
    "suspended": Gate("ACCOUNT_SUSPENDED"),
    "above suspended": Gate("ACCOUNT_SUSPENDED"),
    "not reviewed": Gate("REVIEW_REQUIRED"),
    "contacts": Gate("CONTACT_LIMIT_REACHED"),
    "sends": Gate("SEND_LIMIT_REACHED"),
    "cap of sends": Gate("SEND_CAP_REACHED"),
    "cap of credit": Gate("CREDIT_CAP_REACHED"),
    "credit": Gate("INSUFFICIENT_CREDIT"),
    "paused by the account": Gate("SENDING_PAUSED"),
    "paused by the platform": Gate("SENDING_PAUSED"),
    "trial": Gate("TRIAL_LIMIT_REACHED"),
    "domain": Gate("DOMAIN_NOT_VERIFIED"),
    "blocked": Gate("BAD_USER_INPUT"),
    "open": Gate(DONE),
}
"""The last one lets all pass."""

_STANDING = ("suspended", "above suspended", "not reviewed")
_PAUSED = ("paused by the account", "paused by the platform")
_ALL = frozenset(GATES)


def _except(*names: str) -> frozenset[str]:
    return _ALL - {*names}


@dataclass(frozen=True)
class Way:
    """`asks`: the gates that stop it. The others were asked before, or will be asked later. `codes`: where
    it is told otherwise."""

    mutation: str
    asks: frozenset[str]
    codes: Mapping[str, str] = field(default_factory=dict)

    def expected(self, gate: str) -> str:
        """How it is refused; DONE: it is not."""
        return self.codes.get(gate, GATES[gate].code) if gate in self.asks else DONE


_OF_EACH = {"blocked": "RECIPIENT_EXCLUDED"}
"""Each message has an outcome of its own."""

WAYS = {
    # The engine of a partner sends: from which domain is not known here.
    "sendReserve": Way("sendReserve", _except("domain")),
    "sendReserve of a contact list": Way("sendReserve", _except("domain")),
    "sendReserve of an uploaded list": Way("sendReserve", _except("domain")),
    "sendReserve by a key": Way("sendReserve", _except("domain")),
    "sendReserve by a second key": Way("sendReserve", _except("domain")),
    "messageSend": Way("messageSend", _ALL, _OF_EACH),
    "messageSend later": Way("messageSend", _ALL, _OF_EACH),
    "messageSend of the other stream": Way("messageSend", _ALL, _OF_EACH),
    "messageSend by a key": Way("messageSend", _ALL, _OF_EACH),
    "messageSend by a second key": Way("messageSend", _ALL, _OF_EACH),
    "messageSend by a key for tests": Way("messageSend", _ALL, _OF_EACH),
    "messageSend of an SMS": Way("messageSend", _except("domain"), _OF_EACH),
    "campaignSend": Way("campaignSend", _ALL),
    "campaignApprove": Way("campaignApprove", _ALL),
    # It is sent later, and then all is asked: below.
    "campaignSchedule": Way("campaignSchedule", frozenset(_STANDING)),
    # What is sent on was counted and paid before. Whoever is blocked meanwhile is left out one by one.
    "campaignResume": Way("campaignResume", frozenset((*_STANDING, *_PAUSED, "domain"))),
    "sendCommit": Way("sendCommit", frozenset((*_STANDING, *_PAUSED))),
}
"""The last ones come last, because they are done where the gate does not concern them."""

STARTING = Way("campaign_expansion", _ALL)
"""What a worker does with a campaign whose time has come: it fails with the code."""

HANDING_OVER = frozenset((*_STANDING, *_PAUSED, "trial", "domain", "blocked"))
"""The gates behind which a message stays that was taken in before."""

NOT_SENDING = {
    "sendVoid": "takes away",
    "messageCancel": "takes away",
    "messageEventsReport": "tells of what was sent",
    "ordersReport": "tells of what was sent",
    "campaignPause": "takes away",
    "campaignCancel": "takes away",
}
"""The other mutations that need a permission to send, and why they ask no gate."""

JOBS = {
    "campaign_expansion": "STARTING",
    "message_delivery": "HANDING_OVER",
    "contact_job": "changes contacts",
    "cycle_charge": "charges for what was sent",
    "cycle_close": "closes what was counted",
    "domain_check": "asks name servers",
    "access_review": "takes away",
    "invoice_issue": "tells what is owed",
    "reservation_expiry": "takes away",
    "statistics_roll_up": "counts what was sent",
    "top_up": "buys credit",
}
"""What workers do."""
