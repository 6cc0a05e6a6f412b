"""The pages that mails to a person lead to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MailboxPages:
    """`verification` confirms an address, `password` sets a new password; a link's secret follows the `#`."""

    verification: str
    password: str
