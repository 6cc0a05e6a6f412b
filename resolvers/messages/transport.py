"""What hands messages to somebody who delivers them."""

import enum
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T", contravariant=True)


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A message for one recipient. `sender`: where what cannot be delivered comes back to. `content`: the
    message itself, with its headers."""

    sender: str
    recipient: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Sms:
    """A text message. `recipient`: a number with + and the country's code. `sender`: a number or a name."""

    id: str
    sender: str
    recipient: str
    text: str


class Verdict(enum.Enum):
    """What became of a message.

    BOUNCED: it was refused, because the recipient's address or number takes no messages. UNKNOWN: it was
    handed over and nobody said what became of it, so a second try may deliver it twice.
    """

    ACCEPTED = "ACCEPTED"
    LATER = "LATER"
    REFUSED = "REFUSED"
    BOUNCED = "BOUNCED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Handed:
    """`answer`: what the other side said, or what went wrong, for people. `retry_after`: seconds in which
    another try is of no use, where that is known. `reference`: the other side's id of the message, if it
    gave one. `is_tried`: False if nobody was asked, so that this counts as no try. `status`: of a bounce, by
    RFC 3463, where there is one."""

    verdict: Verdict
    answer: str
    retry_after: float | None = None
    reference: str | None = None
    is_tried: bool = True
    status: str | None = None


class Transport(Protocol[T]):
    """Hands messages over: envelopes with mail, or SMS. Several may be under way at once."""

    async def hand_over(self, message: T, /) -> Handed:
        """Hand one message over. Raises nothing that the other side or the network causes."""
        ...

    async def close(self) -> None:
        """Give connections back. Whatever is under way is ended."""
        ...
