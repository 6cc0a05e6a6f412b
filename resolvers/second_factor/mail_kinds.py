"""The mails about a person's second factors, to the person alone, in English and in German."""

from resolvers.effects.mail_limits import DAY, HOUR, Budget, MailKind, MailPolicy, Whose

FACTOR_RESETS = MailPolicy("factor resets", (Budget(Whose.RECIPIENT, 20, DAY, drops=True),))

FACTOR_CHANGES = MailPolicy(
    "factor changes",
    (Budget(Whose.RECIPIENT, 20, HOUR, drops=True), Budget(Whose.RECIPIENT, 40, DAY, drops=True)),
)
"""As many as a person can have passkeys: whoever sets up all of them is told of each."""

FACTOR_RESET = MailKind("Your second factors for Mandant are to be reset", FACTOR_RESETS)
FACTOR_RESET_IN_GERMAN = MailKind(
    "Ihre zweiten Faktoren für Mandant sollen zurückgesetzt werden", FACTOR_RESETS
)
FACTORS_CHANGED = MailKind("Your second factors for Mandant were changed", FACTOR_CHANGES)
FACTORS_CHANGED_IN_GERMAN = MailKind("Ihre zweiten Faktoren für Mandant wurden geändert", FACTOR_CHANGES)

MAIL_KINDS = (FACTOR_RESET, FACTOR_RESET_IN_GERMAN, FACTORS_CHANGED, FACTORS_CHANGED_IN_GERMAN)
