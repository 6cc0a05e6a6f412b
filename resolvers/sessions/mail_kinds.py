"""The mail about a sign-in from a client that was not known, to the person alone."""

from resolvers.effects.mail_limits import DAY, HOUR, Budget, MailKind, MailPolicy, Whose

NEW_CLIENTS = MailPolicy(
    "new clients",
    (Budget(Whose.RECIPIENT, 5, HOUR, drops=True), Budget(Whose.RECIPIENT, 20, DAY, drops=True)),
)
"""A script that keeps no device token would fill the mailbox."""

NEW_CLIENT = MailKind("Somebody signed in to Mandant as you from a new client", NEW_CLIENTS)

MAIL_KINDS = (NEW_CLIENT,)
