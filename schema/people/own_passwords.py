"""The own password, which confirms that it is the person who asks."""

from typing import Any

import strawberry

_WITHOUT = (
    " Null if you have none, see `Viewer.hasPassword`: then your session must have been opened by your "
    "company's single sign-on within the last ten minutes, else FRESH_SIGN_IN_REQUIRED."
)


def own_password(description: str) -> Any:
    """The field of an input that has it."""
    return strawberry.field(default=None, description=description + _WITHOUT)
