"""Messages that a worker has claimed, with all that it takes to hand them over."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.base.ids import AccountId, DomainId, MasterId, MessageId
from models.sending.tables import SendStream
from resolvers.messages.attachments.read import AttachedFile
from resolvers.statistics.count import Source
from resolvers.templates.parts import Parts
from resolvers.templates.variables import Values


@dataclass(frozen=True)
class TemplateSender:
    """What templates know of an account: `values` of `account`, and its field functions."""

    values: Values
    functions: Mapping[str, str]


@dataclass(frozen=True)
class SigningKey:
    """The key of a verified sending domain. `domain`: in ASCII. `sealed`: the private key."""

    master_id: MasterId
    domain_id: DomainId
    domain: str
    selector: str
    sealed: bytes


@dataclass(frozen=True, kw_only=True)
class ClaimedMessage:
    """A message to hand over. `canonical`: the recipient as it is compared. `sender`: for one that is made
    from a template. `signing_key`: of an e-mail; None where its domain is not verified at present.
    `tracking_domain`: where the account's links lead through, if it has one that is verified. `sends`: that
    were counted."""

    master_id: MasterId
    account_id: AccountId
    id: MessageId
    claimed_at: datetime.datetime
    expires_at: datetime.datetime
    attempts: int
    stream: SendStream
    source: Source
    is_test: bool
    recipient: str
    canonical: str
    from_address: str
    from_name: str | None
    reply_to: str | None
    headers: Mapping[str, str]
    variables: Mapping[str, object]
    contact: Values | None
    sender: TemplateSender | None
    signing_key: SigningKey | None
    tracking_domain: str | None
    sends: int
    parts: Parts
    attachments: Sequence[AttachedFile] = ()


@dataclass(frozen=True)
class Claimed:
    """Some messages of a tree. `looked_at`: the accounts that they may be of. `held`: those that may not send
    now. `is_last`: nothing else is due; else there may be messages behind those that were excluded."""

    master_id: MasterId
    looked_at: Sequence[AccountId]
    held: Sequence[AccountId]
    messages: Sequence[ClaimedMessage]
    is_last: bool = False
