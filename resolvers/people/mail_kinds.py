"""The mails about addresses and passwords, to the person alone."""

from resolvers.effects.mail_limits import DAY, HALF_AN_HOUR, HOUR, Budget, MailKind, MailPolicy, Whose

VERIFICATIONS = MailPolicy(
    "verifications", (Budget(Whose.RECIPIENT, 5, HOUR), Budget(Whose.RECIPIENT, 10, DAY))
)

PASSWORD_RESETS = MailPolicy(
    "password resets",
    (Budget(Whose.PLACE, 30, HOUR), Budget(Whose.RECIPIENT, 5, HALF_AN_HOUR, drops=True)),
)
"""A reset link is valid as long as the window, so that the person has a valid one whenever further mails are
dropped."""

ADDRESS_CHANGES = MailPolicy("address changes", (Budget(Whose.RECIPIENT, 10, DAY, drops=True),))
"""To an address that was left: a person who changes it often was told."""

PASSWORD_CHANGES = MailPolicy(
    "password changes",
    (Budget(Whose.RECIPIENT, 10, HOUR, drops=True), Budget(Whose.RECIPIENT, 20, DAY, drops=True)),
)
"""Whoever changes it more often was told, and could fill the mailbox."""

EMAIL_VERIFICATION = MailKind("Confirm your e-mail address for Mandant", VERIFICATIONS)
SIGN_UP_ATTEMPT = MailKind("Somebody signed up for Mandant with your e-mail address", VERIFICATIONS)
EMAIL_CHANGE = MailKind("Confirm your new e-mail address for Mandant", VERIFICATIONS)
EMAIL_CHANGE_ATTEMPT = MailKind("Somebody wanted your e-mail address for Mandant", VERIFICATIONS)
"""The kinds in pairs, counted together: what is refused tells nobody whether an address is taken."""

EMAIL_CHANGED = MailKind("Your e-mail address for Mandant was changed", ADDRESS_CHANGES)
PASSWORD_RESET = MailKind("Set a new password for Mandant", PASSWORD_RESETS)
PASSWORD_CHANGED = MailKind("Your password for Mandant was changed", PASSWORD_CHANGES)
PASSWORD_CHANGED_IN_GERMAN = MailKind("Ihr Passwort für Mandant wurde geändert", PASSWORD_CHANGES)

MAIL_KINDS = (
    EMAIL_VERIFICATION,
    SIGN_UP_ATTEMPT,
    EMAIL_CHANGE,
    EMAIL_CHANGE_ATTEMPT,
    EMAIL_CHANGED,
    PASSWORD_RESET,
    PASSWORD_CHANGED,
    PASSWORD_CHANGED_IN_GERMAN,
)
