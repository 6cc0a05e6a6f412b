"""Links into the server that e-mails carry."""

from schema.fields.context import ContextInfo


def invitation_link(info: ContextInfo) -> str:
    """The page that accepts an invitation. The secret goes behind its `#`, so that no log holds it."""
    return f"{info.context.public_url}/invitation"


def verification_page(info: ContextInfo) -> str:
    """The page that confirms an e-mail address, likewise."""
    return f"{info.context.public_url}/email-verification"


def password_page(info: ContextInfo) -> str:
    """The page that sets a new password, likewise; without a secret, the one that asks for a link."""
    return f"{info.context.public_url}/password-reset"
