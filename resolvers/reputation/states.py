"""The platform's key of a sending source, as a machine of states (R8, N14, T28).

    ACTIVE <-> WARNED -> PAUSED -> TRIAL -> ACTIVE, or PAUSED again

Rates are those of a rolling window. Each has three thresholds, so that a rate that hovers about one of them
does not switch the state to and fro: at `warn` the source is warned, at `pause` it stops, and only below
`clear` it is active again. A rate is taken of at least `volume` sends: one bounce of two sends is one of a
hundred (T28). Nothing here knows of another source, so none stops another (R9, R36).
"""

import datetime
import enum
from dataclasses import dataclass, replace

from models.reputation.tables import PlatformState, StateReason

WINDOW = datetime.timedelta(hours=24)

TRIAL_SENDS = 100
"""That a source on trial may make in an hour."""

TRIAL_LASTS = datetime.timedelta(hours=1)
"""At least: what comes back takes its time."""

ENOUGH = 100
"""So many sends without much coming back clear a source that is warned or on trial."""

FIRST_COOL_DOWN = datetime.timedelta(hours=1)
LONGEST_COOL_DOWN = datetime.timedelta(hours=24)
"""Each cool-down is twice as long as the one before, and at most this long."""

FORGIVEN_AFTER = datetime.timedelta(days=7)
"""After the last pause. Then the next one is the first again."""

IN = 10_000
"""Rates are told as so many of this many sends."""


class Grade(enum.IntEnum):
    """How good a rate is."""

    CLEAR = 0
    FAIR = 1
    """It neither warns, nor ends a warning."""
    WARN = 2
    PAUSE = 3


@dataclass(frozen=True)
class Thresholds:
    """Of a rate, in IN sends. `volume`: the fewest sends that it is taken of."""

    clear: int
    warn: int
    pause: int
    volume: int

    def grade(self, number: int, sent: int) -> Grade:
        """Of so many among the sends."""
        of = max(sent, self.volume)
        steps = (self.pause, Grade.PAUSE), (self.warn, Grade.WARN), (self.clear, Grade.FAIR)
        return next((grade for step, grade in steps if number * IN >= step * of), Grade.CLEAR)


HARD_BOUNCES = Thresholds(clear=300, warn=500, pause=1_000, volume=100)
COMPLAINTS = Thresholds(clear=8, warn=10, pause=30, volume=2_000)


@dataclass(frozen=True)
class Numbers:
    """What a source sent in the window, and what came back. Messages that still wait are not sent."""

    sent: int = 0
    hard_bounces: int = 0
    complaints: int = 0

    def grade(self) -> tuple[Grade, StateReason]:
        """That of the worst rate, and which one it is."""
        bounces = HARD_BOUNCES.grade(self.hard_bounces, self.sent)
        complaints = COMPLAINTS.grade(self.complaints, self.sent)
        if complaints > bounces:
            return complaints, StateReason.COMPLAINT_RATE
        return bounces, StateReason.BOUNCE_RATE


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A source as the platform sees it. `pauses`: by rates, one soon after the other; `paused_at`: the last
    one. `judged_from`: what was sent before says nothing any more."""

    state: PlatformState = PlatformState.ACTIVE
    since: datetime.datetime | None = None
    reason: StateReason | None = None
    cool_down_until: datetime.datetime | None = None
    pauses: int = 0
    paused_at: datetime.datetime | None = None
    judged_from: datetime.datetime | None = None

    def window_starts_at(self, now: datetime.datetime) -> datetime.datetime:
        """From when on sends count."""
        first = now - WINDOW
        return first if self.judged_from is None else max(first, self.judged_from)

    def can_resume(self, now: datetime.datetime) -> bool:
        """Whether the account may begin a trial: the platform's rates paused it, and the cool-down is
        over."""
        return self.cool_down_until is not None and now >= self.cool_down_until


def judged(standing: Standing, numbers: Numbers, now: datetime.datetime) -> Standing:
    """The standing after the window was looked at. The same one, where nothing changes."""
    grade, reason = numbers.grade()
    match standing.state:
        case PlatformState.PAUSED:
            return standing
        case _ if grade is Grade.PAUSE:
            return _paused(standing, reason, now)
        case PlatformState.ACTIVE if grade is Grade.WARN:
            return _changed(standing, PlatformState.WARNED, now, reason)
        case PlatformState.WARNED | PlatformState.TRIAL if _is_cleared(standing, grade, numbers, now):
            return _changed(standing, PlatformState.ACTIVE, now, None)
        case _:
            return standing


def _is_cleared(standing: Standing, grade: Grade, numbers: Numbers, now: datetime.datetime) -> bool:
    if standing.state is PlatformState.TRIAL and standing.since is not None:
        long_enough = now - standing.since >= TRIAL_LASTS
    else:
        long_enough = True
    return long_enough and grade is Grade.CLEAR and numbers.sent >= ENOUGH


def _paused(standing: Standing, reason: StateReason, now: datetime.datetime) -> Standing:
    is_first = standing.paused_at is None or now - standing.paused_at > FORGIVEN_AFTER
    pauses = 1 if is_first else standing.pauses + 1
    cool_down = min(FIRST_COOL_DOWN * 2 ** min(pauses - 1, 20), LONGEST_COOL_DOWN)
    paused = _changed(standing, PlatformState.PAUSED, now, reason)
    return replace(paused, cool_down_until=now + cool_down, pauses=pauses, paused_at=now)


def tried_again(standing: Standing, now: datetime.datetime) -> Standing:
    """On trial, whoever paused it. What was sent before says nothing about it: judging begins with the next
    whole hour, as sends are counted by the hour."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    whole = hour if hour == now else hour + datetime.timedelta(hours=1)
    trial = _changed(standing, PlatformState.TRIAL, now, standing.reason)
    return replace(trial, judged_from=whole)


def stopped_by_staff(standing: Standing, now: datetime.datetime) -> Standing:
    """Paused until staff say otherwise."""
    return _changed(standing, PlatformState.PAUSED, now, StateReason.STAFF)


def _changed(
    standing: Standing, state: PlatformState, now: datetime.datetime, reason: StateReason | None
) -> Standing:
    return replace(standing, state=state, since=now, reason=reason, cool_down_until=None)
