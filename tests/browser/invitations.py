"""What the invitation tests begin with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Invitation:
    """An invitation that nobody has answered: `link` is what the mail holds."""

    link: str
    email: str
    account_name: str
