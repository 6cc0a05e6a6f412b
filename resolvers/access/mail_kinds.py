"""The mail that tells of access that ends."""

from resolvers.effects.mail_limits import DAY, Budget, MailKind, MailPolicy, Whose

EXPIRY_NOTICES = MailPolicy("expiry notices", (Budget(Whose.RECIPIENT, 10, DAY, drops=True),))
"""One mail lists all that the person is about to lose. Moving an end back and forth causes no more mails."""

ACCESS_EXPIRING = MailKind("Your access on Mandant ends soon", EXPIRY_NOTICES)

MAIL_KINDS = (ACCESS_EXPIRING,)
