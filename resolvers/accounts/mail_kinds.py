"""The mails that tell owners what the platform's support decided about their account."""

from resolvers.effects.mail_limits import HOUR, Budget, MailKind, MailPolicy, Whose

STATUS_NOTICES = MailPolicy("status notices", (Budget(Whose.RECIPIENT_IN_TREE, 20, HOUR, drops=True),))

ACCOUNT_SUSPENDED = MailKind("Your account on Mandant is suspended", STATUS_NOTICES)
ACCOUNT_RESUMED = MailKind("Your account on Mandant is active again", STATUS_NOTICES)

MAIL_KINDS = (ACCOUNT_SUSPENDED, ACCOUNT_RESUMED)
