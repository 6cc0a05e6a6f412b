"""Why somebody is not signed in by an issuer."""

import enum


class SignOnFailure(enum.Enum):
    """The reasons, in words for the person. None of them says who is registered here."""

    NOT_FOUND = "There is no single sign-on for this address or account."
    LAPSED = (
        "This sign-in was begun in another browser, took too long, or was completed already. Begin again."
    )
    DENIED = "Your company's sign-in service did not sign you in."
    UNAVAILABLE = "Your company's sign-in service does not answer at the moment. Try again later."
    NOT_TRUSTED = (
        "What your company's sign-in service has sent cannot be trusted. Tell your administrator about it."
    )
    OTHER_DOMAIN = (
        "Your company's sign-in service gave no e-mail address of the domains that your company has proved."
    )
    EMAIL_NOT_VERIFIED = "Your company's sign-in service has not verified your e-mail address."
    NO_ROLE = "Nobody has given you a role yet. Ask your administrator."
    PROMISE_BROKEN = (
        "The role that your company's sign-in service gives you has a permission that an account has "
        "promised to other roles alone. Ask your administrator."
    )
    MISCONFIGURED = "Single sign-on is not set up correctly. Tell your administrator about it."
    NOT_VALID = "The token is not valid."


class SignOnFailed(Exception):
    """Nobody is signed in. `detail`: for the log, without a secret."""

    def __init__(self, failure: SignOnFailure, detail: str = "") -> None:
        super().__init__(f"{failure.name}: {detail}" if detail else failure.name)
        self.failure = failure
