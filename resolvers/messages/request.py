"""The messages of a request while they are sent, and what becomes of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from authz.policy.refusals import Refusal, RefusalCode
from models.base.ids import AccountId, MessageId
from models.messages.tables import MessageStatus
from models.sending.tables import SendStream
from resolvers.messages.given import GivenMessage, ReadMessage


@dataclass(frozen=True, kw_only=True)
class Sending:
    """Messages of one request."""

    account_id: AccountId
    stream: SendStream
    label: str | None
    messages: Sequence[GivenMessage]


@dataclass(frozen=True)
class Taken:
    """A message that is sent. `replayed`: by an earlier request, or an earlier item of this one."""

    id: MessageId
    status: MessageStatus
    replayed: bool


Outcome = Taken | Refusal


@dataclass
class Request:
    """`first`: the items that stand for themselves, by the ids of their messages. `same`: the others that
    have the key of one of these. `outcomes`: what is known of each item by its index."""

    stream: SendStream
    first: dict[MessageId, int] = field(default_factory=dict)
    same: dict[int, MessageId] = field(default_factory=dict)
    read: dict[int, ReadMessage] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def message(self, id_: MessageId) -> ReadMessage:
        """The message that would get this id."""
        return self.read[self.first[id_]]

    def open(self) -> dict[MessageId, ReadMessage]:
        """Those without an outcome."""
        return {id_: self.read[index] for id_, index in self.first.items() if index not in self.outcomes}

    def settle(self, id_: MessageId, outcome: Outcome) -> None:
        """What became of the message."""
        self.outcomes[self.first[id_]] = outcome

    def all_outcomes(self) -> list[Outcome]:
        """One for each item. An item with the key of an earlier one has that one's."""
        for index, id_ in self.same.items():
            first = self.outcomes[self.first[id_]]
            if self.read[index].digest != self.message(id_).digest:
                self.outcomes[index] = mismatch()
            else:
                self.outcomes[index] = replace(first, replayed=True) if isinstance(first, Taken) else first
        return [self.outcomes[index] for index in sorted(self.outcomes)]


def mismatch() -> Refusal:
    return Refusal(RefusalCode.IDEMPOTENCY_MISMATCH, field="idempotencyKey")
