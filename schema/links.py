"""Links into the server that e-mails carry."""

from schema.context import ContextInfo


def invitation_link(info: ContextInfo) -> str:
    """The page that accepts an invitation. The secret goes behind its `#`, so that no log holds it."""
    return f"{info.context.public_url}/invitation"
