"""The mail that tells of an account that was opened by break-glass."""

from resolvers.effects.mail_limits import HOUR, Budget, MailKind, MailPolicy, Whose

BREAK_GLASS_NOTICES = MailPolicy(
    "break-glass notices", (Budget(Whose.RECIPIENT_IN_TREE, 10, HOUR, drops=True),)
)

BREAK_GLASS = MailKind("Your account on Mandant was opened from above", BREAK_GLASS_NOTICES)

MAIL_KINDS = (BREAK_GLASS,)
