"""What a person is told of its second factors, in the words of the mail."""

import enum

from resolvers.effects.personal_mail import Words


class Notice(enum.Enum):
    """What has happened. Its words may have a `{name}`, of a passkey."""

    APP_ADDED = Words(
        "An authenticator app was added to your second factors for Mandant.",
        "Ihren zweiten Faktoren für Mandant wurde eine Authenticator-App hinzugefügt.",
    )
    APP_REMOVED = Words(
        "The authenticator app was removed from your second factors for Mandant.",
        "Die Authenticator-App wurde aus Ihren zweiten Faktoren für Mandant entfernt.",
    )
    PASSKEY_ADDED = Words(
        "The passkey {name} was added to your second factors for Mandant. It is enough to sign in.",
        "Ihren zweiten Faktoren für Mandant wurde der Passkey {name} hinzugefügt. Er genügt zur Anmeldung.",
    )
    PASSKEY_REMOVED = Words(
        "The passkey {name} was removed from your second factors for Mandant.",
        "Der Passkey {name} wurde aus Ihren zweiten Faktoren für Mandant entfernt.",
    )
    CODES_RENEWED = Words(
        "Your recovery codes for Mandant were replaced. The earlier ones no longer work.",
        "Ihre Wiederherstellungscodes für Mandant wurden ersetzt. Die früheren gelten nicht mehr.",
    )
    CODE_USED = Words(
        "Somebody signed in to Mandant as you with one of your recovery codes, which no longer works.",
        "Jemand hat sich mit einem Ihrer Wiederherstellungscodes bei Mandant als Sie angemeldet. Der Code "
        "gilt nicht mehr.",
    )
    RESET = Words(
        "Your second factors for Mandant were reset: all of them are gone. Sign in and set up a new one.",
        "Ihre zweiten Faktoren für Mandant wurden zurückgesetzt: Es gibt keinen mehr. Melden Sie sich an und "
        "richten Sie einen neuen ein.",
    )
    RESET_ASKED = Words(
        "Somebody who knows your password asked to reset your second factors. It needs the consent of an "
        "owner of an account that you are in, or of platform support.",
        "Jemand, der Ihr Passwort kennt, möchte Ihre zweiten Faktoren zurücksetzen lassen. Dem muss ein "
        "Eigentümer eines Kontos zustimmen, in dem Sie sind, oder der Support der Plattform.",
    )
    RESET_APPROVED = Words(
        "An owner of an account that you are in consented to reset your second factors. It is done in "
        "24 hours.",
        "Ein Eigentümer eines Kontos, in dem Sie sind, hat zugestimmt, Ihre zweiten Faktoren zurückzusetzen. "
        "Das geschieht in 24 Stunden.",
    )


RESET_STEPS = frozenset({Notice.RESET_ASKED, Notice.RESET_APPROVED})
"""Nothing is changed yet."""

IF_CHANGED = Words(
    "If it was you, there is nothing to do. If it was not, change your password at once, which ends all "
    "other sessions. Then remove the factors that you do not know, and renew your recovery codes. If you "
    "cannot sign in any more, ask on the sign-in page for a new password, or for a reset of your second "
    "factors.",
    "Wenn Sie es waren, ist nichts zu tun. Wenn nicht, ändern Sie sofort Ihr Passwort; das beendet alle "
    "anderen Sitzungen. Entfernen Sie dann die Faktoren, die Sie nicht kennen, und erneuern Sie Ihre "
    "Wiederherstellungscodes. Wenn Sie sich nicht mehr anmelden können, fordern Sie auf der Anmeldeseite ein "
    "neues Passwort an oder lassen Sie Ihre zweiten Faktoren zurücksetzen.",
)

IF_TO_BE_RESET = Words(
    "If you did not ask for it, sign in with a factor, which stops it, and change your password.",
    "Wenn Sie nicht darum gebeten haben, melden Sie sich mit einem Faktor an, was es aufhält, und ändern Sie "
    "Ihr Passwort.",
)
