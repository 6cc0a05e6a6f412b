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

SIGN_UP_ATTEMPTS = MailPolicy("sign-up attempts", (Budget(Whose.RECIPIENT, 2, DAY, drops=True),))
"""Sign-ups from one network are limited themselves."""

EMAIL_VERIFICATION = MailKind("Confirm your e-mail address for Mandant", VERIFICATIONS)
PASSWORD_RESET = MailKind("Set a new password for Mandant", PASSWORD_RESETS)
SIGN_UP_ATTEMPT = MailKind("Somebody signed up for Mandant with your e-mail address", SIGN_UP_ATTEMPTS)

MAIL_KINDS = (EMAIL_VERIFICATION, PASSWORD_RESET, SIGN_UP_ATTEMPT)
