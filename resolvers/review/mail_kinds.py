"""The mail that tells an account's owners what platform support decided."""

from resolvers.effects.mail_limits import HOUR, Budget, MailKind, MailPolicy, Whose

REVIEW_NOTICES = MailPolicy("review notices", (Budget(Whose.RECIPIENT_IN_TREE, 10, HOUR, drops=True),))

REVIEW_DECIDED = MailKind("Mandant has reviewed the contacts of your account", REVIEW_NOTICES)

MAIL_KINDS = (REVIEW_DECIDED,)
