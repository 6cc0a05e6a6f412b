"""How many mails may be sent: to one person, by one customer, from one network.

Each kind of mail has its subject, which contains nothing that a customer typed. Mail that customers cause to
others is an offer. Mail that the platform itself must send has limits of its own, so customers cannot use
these up. Beyond its limits such a mail is dropped, because the person was informed already.
"""

import datetime
import enum
from dataclasses import dataclass

_TEN_MINUTES = datetime.timedelta(minutes=10)
HALF_AN_HOUR = datetime.timedelta(minutes=30)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


class Whose(enum.Enum):
    """What a budget counts by."""

    ACTOR = "actor"
    """The person or the API key that causes the mail."""
    TREE = "tree"
    RECIPIENT_IN_TREE = "recipient in tree"
    """The address together with the tree that sends to it."""
    RECIPIENT = "recipient"
    """The address, whichever tree sends to it."""
    PLACE = "place"
    """The network address of an anonymous request."""


@dataclass(frozen=True)
class Budget:
    """At most `most` mails in a window of time. Further mails are refused. With `drops` they are left out
    silently: the caller must not learn anything from a refusal, or no caller waits for one."""

    whose: Whose
    most: int
    window: datetime.timedelta
    drops: bool = False


@dataclass(frozen=True)
class MailPolicy:
    """The budgets of one or several kinds. Kinds with the same policy are counted together, under its
    `name`."""

    name: str
    budgets: tuple[Budget, ...]
    is_offer: bool = False
    """Customers cause it and choose the recipient, so that their own address has to be verified."""


OFFERS = MailPolicy(
    "offers",
    (
        # A program that takes over a customer's subaccounts invites their owners one after the other.
        Budget(Whose.ACTOR, 300, _TEN_MINUTES),
        # Several keys of one customer together; larger customers spread their move over hours.
        Budget(Whose.TREE, 1000, HOUR),
        # Somebody who joins many accounts of one agency on the same day gets a mail for each.
        Budget(Whose.RECIPIENT_IN_TREE, 20, HOUR),
        Budget(Whose.RECIPIENT_IN_TREE, 40, DAY),
        # From all customers together: beyond it, an address is a victim and not a colleague.
        Budget(Whose.RECIPIENT, 40, HOUR),
        Budget(Whose.RECIPIENT, 80, DAY),
    ),
    is_offer=True,
)


@dataclass(frozen=True)
class MailKind:
    """What a mail is about: its subject and its limits. Areas declare theirs in a module `mail_kinds`."""

    subject: str
    policy: MailPolicy


def budget_subject(policy: MailPolicy, budget: Budget, whose: str) -> str:
    """The subject that a budget's tries are counted by."""
    return f"mail: {policy.name}, {budget.whose.value}, {int(budget.window.total_seconds())} s, {whose}"
