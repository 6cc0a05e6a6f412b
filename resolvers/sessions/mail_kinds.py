"""The mail about a sign-in from a client that was not known, to the person alone, in English and in
German."""

from resolvers.effects.mail_limits import DAY, HOUR, Budget, MailKind, MailPolicy, Whose

NEW_CLIENTS = MailPolicy(
    "new clients",
    (Budget(Whose.RECIPIENT, 5, HOUR, drops=True), Budget(Whose.RECIPIENT, 20, DAY, drops=True)),
)
"""A script that keeps no device token would fill the mailbox."""

NEW_CLIENT = MailKind("Somebody signed in to Mandant as you from a new client", NEW_CLIENTS)
NEW_CLIENT_IN_GERMAN = MailKind(
    "Jemand hat sich mit einem neuen Client bei Mandant als Sie angemeldet", NEW_CLIENTS
)

MAIL_KINDS = (NEW_CLIENT, NEW_CLIENT_IN_GERMAN)
