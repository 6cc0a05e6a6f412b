"""The mails that tell of a sending source whose state has changed."""

from resolvers.effects.mail_limits import HOUR, Budget, MailKind, MailPolicy, Whose

REPUTATION_NOTICES = MailPolicy(
    "reputation notices", (Budget(Whose.RECIPIENT_IN_TREE, 20, HOUR, drops=True),)
)
STAFF_NOTICES = MailPolicy("reputation notices to staff", (Budget(Whose.RECIPIENT, 200, HOUR, drops=True),))

REPUTATION_CHANGED = MailKind("The reputation of your sends on Mandant has changed", REPUTATION_NOTICES)
REPUTATION_CHANGED_FOR_STAFF = MailKind("A customer's sends on Mandant changed their state", STAFF_NOTICES)

MAIL_KINDS = (REPUTATION_CHANGED, REPUTATION_CHANGED_FOR_STAFF)
"""Subjects name no account: a customer typed its name."""
