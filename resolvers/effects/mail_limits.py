"""What is mailed, and how much of it: to one person, by one customer, from one place.

Every kind of mail stands here, with its subject, which holds nothing that a customer typed. What customers
have sent to others is an offer. What the platform itself must tell is counted apart, so that no customer can
use up what is left for it; too much of the same is dropped, since the person was told.
"""

import datetime
import enum
from dataclasses import dataclass

_TEN_MINUTES = datetime.timedelta(minutes=10)
_HOUR = datetime.timedelta(hours=1)
_DAY = datetime.timedelta(days=1)


class Whose(enum.Enum):
    """What a budget is counted by."""

    ACTOR = "actor"
    """The person or the API key that causes the mail."""
    TREE = "tree"
    RECIPIENT_IN_TREE = "recipient in tree"
    """The address together with the tree that writes to it."""
    RECIPIENT = "recipient"
    """The address, whoever writes to it."""
    PLACE = "place"
    """The network address that an anonymous request comes from."""


@dataclass(frozen=True)
class Budget:
    """At most so many mails in a window of time. What is more is refused, or, where it `drops`, left out
    without a word: because whoever asks must not learn anything by it, or because nobody asked."""

    whose: Whose
    most: int
    window: datetime.timedelta
    drops: bool = False


@dataclass(frozen=True)
class MailPolicy:
    """Several kinds may have one: then they are counted together, under its `name`."""

    name: str
    budgets: tuple[Budget, ...]
    is_offer: bool = False
    """Customers cause it, to whom they like: only those with a proved address may."""


OFFERS = MailPolicy(
    "offers",
    (
        # A program that takes over a customer's subaccounts invites their owners one after the other.
        Budget(Whose.ACTOR, 300, _TEN_MINUTES),
        # Several keys of one customer together; larger customers spread their move over hours.
        Budget(Whose.TREE, 1000, _HOUR),
        # Somebody who joins many accounts of one agency on the same day gets a mail for each.
        Budget(Whose.RECIPIENT_IN_TREE, 20, _HOUR),
        Budget(Whose.RECIPIENT_IN_TREE, 40, _DAY),
        # From all customers together: beyond it, an address is a victim and not a colleague.
        Budget(Whose.RECIPIENT, 40, _HOUR),
        Budget(Whose.RECIPIENT, 80, _DAY),
    ),
    is_offer=True,
)

BREAK_GLASS_NOTICES = MailPolicy(
    "break-glass notices", (Budget(Whose.RECIPIENT_IN_TREE, 10, _HOUR, drops=True),)
)

EXPIRY_NOTICES = MailPolicy("expiry notices", (Budget(Whose.RECIPIENT, 10, _DAY, drops=True),))
"""Each tells of all that the person is about to lose; whoever moves ends again and again causes no more."""

VERIFICATIONS = MailPolicy(
    "verifications", (Budget(Whose.RECIPIENT, 5, _HOUR), Budget(Whose.RECIPIENT, 10, _DAY))
)

PASSWORD_RESETS = MailPolicy(
    "password resets", (Budget(Whose.PLACE, 30, _HOUR), Budget(Whose.RECIPIENT, 5, _HOUR, drops=True))
)
"""The links of the mails that were sent hold as long as the window: whoever asks too often for somebody else
has only sent that person what it needs."""

SIGN_UP_ATTEMPTS = MailPolicy("sign-up attempts", (Budget(Whose.RECIPIENT, 2, _DAY, drops=True),))
"""From one place, sign-ups themselves are limited."""


class MailKind(enum.Enum):
    """What a mail is about: its subject and its limits."""

    INVITATION = ("You are invited to an account on Mandant", OFFERS)
    SHARE = ("An account on Mandant is shared with you", OFFERS)
    OWNERSHIP_OFFER = ("You are offered the ownership of an account on Mandant", OFFERS)
    BREAK_GLASS = ("Your account on Mandant was opened from above", BREAK_GLASS_NOTICES)
    ACCESS_EXPIRING = ("Your access on Mandant ends soon", EXPIRY_NOTICES)
    EMAIL_VERIFICATION = ("Confirm your e-mail address for Mandant", VERIFICATIONS)
    PASSWORD_RESET = ("Set a new password for Mandant", PASSWORD_RESETS)
    SIGN_UP_ATTEMPT = ("Somebody signed up for Mandant with your e-mail address", SIGN_UP_ATTEMPTS)

    def __init__(self, subject: str, policy: MailPolicy) -> None:
        self.subject = subject
        self.policy = policy


def budget_subject(policy: MailPolicy, budget: Budget, whose: str) -> str:
    """What the tries of a budget are counted by."""
    return f"mail: {policy.name}, {budget.whose.value}, {int(budget.window.total_seconds())} s, {whose}"
