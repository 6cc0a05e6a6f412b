"""Events are taken in: written down, counted, and followed by what they mean for later sends (R77, R79).

All of a batch are of one account. The statements do not become more with them. One event excludes the one
recipient that it is about (T25).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from authz.callers.actors import Actor
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place
from models.block_list.tables import BlockReason
from models.messages.events import MessageEventKind
from models.statistics.tables import StatisticKind
from models.suppressions.tables import BounceKind
from resolvers.block_list.add import NewEntries, add_entries
from resolvers.inputs.addresses import Address
from resolvers.messages.events.store import SentEvent, Stored, store_events
from resolvers.sealing.keyring import KeyringSource
from resolvers.settings.in_force import effective_settings
from resolvers.settings.values import BounceLimits
from resolvers.statistics.count import Counted, count, note_counted
from resolvers.suppressions.bounce import add_bounces
from resolvers.suppressions.lists import known_lists
from resolvers.suppressions.reports import Report
from resolvers.suppressions.unsubscribe import ListId, add_unsubscribes

_BOUNCES = {
    MessageEventKind.HARD_BOUNCE: BounceKind.HARD,
    MessageEventKind.SOFT_BOUNCE: BounceKind.SOFT,
}


@dataclass(frozen=True)
class Recorded:
    """`stored`: what became of each event. `is_counted`: whether anything was, so that the caller has to call
    `note_counted` behind its last lock."""

    stored: Sequence[Stored]
    is_counted: bool


async def take_events(
    session: WriteSession,
    account: Place,
    events: Sequence[SentEvent],
    keyring: KeyringSource,
    actor: Actor,
) -> Sequence[bool]:
    """Whether each is new. The caller has entered the tree, and takes no further locks.

    Raises SECRETS_UNAVAILABLE for a complaint where nothing can be sealed.
    """
    return [how.is_new for how in await take_told(session, account, events, keyring, actor)]


async def take_told(
    session: WriteSession,
    account: Place,
    events: Sequence[SentEvent],
    keyring: KeyringSource,
    actor: Actor,
) -> Sequence[Stored]:
    """The same for events that have keys: what became of each."""
    recorded = await record_events(session, account, events, keyring, actor)
    if recorded.is_counted:
        await note_counted(session, account)
    return recorded.stored


async def record_events(
    session: WriteSession,
    account: Place,
    events: Sequence[SentEvent],
    keyring: KeyringSource,
    actor: Actor,
) -> Recorded:
    """As `take_told`, for a caller that goes on and takes further locks."""
    if not events:
        return Recorded([], is_counted=False)
    limits = await _limits(session, account, events)
    async with in_data_plane(session, account):
        stored = await store_events(session, account, events)
        pairs = zip(events, stored, strict=True)
        real = [(event, how) for event, how in pairs if not event.sent.is_test and how is not Stored.OTHER]
        new = [(event, how) for event, how in real if how is not Stored.KNOWN]
        await count(session, account, _counted(new))
        await _exclude_bounced(session, account, limits, _about_somebody(new, *_BOUNCES))
        complaints = _about_somebody(new, MessageEventKind.COMPLAINT)
        await _block_complaining(session, account, complaints, keyring, actor)
        # Also what was told before: the recipient may have subscribed again since.
        await _unsubscribe(session, account, _about_somebody(real, MessageEventKind.UNSUBSCRIBE))
    return Recorded(stored, is_counted=bool(new))


async def _limits(session: WriteSession, account: Place, events: Sequence[SentEvent]) -> BounceLimits | None:
    if not any(event.kind in _BOUNCES for event in events):
        return None
    return (await effective_settings(session, account)).bounce_limits


def _counted(events: Sequence[tuple[SentEvent, Stored]]) -> list[Counted]:
    """Those that count alike are counted together, minute by minute: no time zone divides one."""
    # To hash a source takes longer than to count by it. Those of one batch are mostly the same objects.
    sources = {id(event.sent.source): event.sent.source for event, _ in events}
    numbers = Counter(
        (
            id(event.sent.source),
            event.kind.value,
            event.happened_at.replace(second=0, microsecond=0),
            how is Stored.FIRST,
        )
        for event, how in events
    )
    return [
        Counted(
            source=sources[source],
            kind=StatisticKind[kind],
            happened_at=minute,
            number=number,
            is_first=is_first,
        )
        for (source, kind, minute, is_first), number in numbers.items()
    ]


@dataclass(frozen=True)
class _About:
    """An event, and the recipient that it is about."""

    recipient: Address
    event: SentEvent


def _about_somebody(events: Sequence[tuple[SentEvent, Stored]], *kinds: MessageEventKind) -> list[_About]:
    """Those of the kinds whose recipients were not erased: of nobody nothing follows."""
    these = [(event, event.sent.recipient) for event, _ in events if event.kind in kinds]
    return [_About(recipient, event) for event, recipient in these if recipient is not None]


async def _exclude_bounced(
    session: WriteSession, account: Place, limits: BounceLimits | None, found: Sequence[_About]
) -> None:
    bounced = [Report(each.recipient, each.event.happened_at, _BOUNCES[each.event.kind]) for each in found]
    if bounced and limits is not None:
        await add_bounces(session, account, limits, bounced)


async def _block_complaining(
    session: WriteSession, account: Place, found: Sequence[_About], keyring: KeyringSource, actor: Actor
) -> None:
    complaining = {each.recipient.digest: each.recipient for each in found}
    if complaining:
        entries = list(complaining.values())
        await add_entries(
            session, account, NewEntries(entries, BlockReason.COMPLAINT, None, keyring(), actor)
        )


async def _unsubscribe(session: WriteSession, account: Place, found: Sequence[_About]) -> None:
    """From the list that the message was sent to, which matters where support has set it so. If the list is
    gone, from the account."""
    lists_of = {each.event.sent.contact_list_id for each in found}
    known = await known_lists(session, account, {one for one in lists_of if one is not None})

    def list_of(event: SentEvent) -> ListId:
        return event.sent.contact_list_id if event.sent.contact_list_id in known else None

    reports = [Report(each.recipient, each.event.happened_at, list_of(each.event)) for each in found]
    if reports:
        await add_unsubscribes(session, account, reports)
