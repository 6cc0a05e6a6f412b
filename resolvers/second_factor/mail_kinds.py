"""The mails about the reset of a person's second factors, to the person and to who can consent."""

from resolvers.effects.mail_limits import DAY, Budget, MailKind, MailPolicy, Whose

FACTOR_RESETS = MailPolicy("factor resets", (Budget(Whose.RECIPIENT, 20, DAY, drops=True),))

FACTOR_RESET = MailKind("Your second factors for Mandant are to be reset", FACTOR_RESETS)

MAIL_KINDS = (FACTOR_RESET,)
