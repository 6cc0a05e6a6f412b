"""The platform's key as a machine of states: thresholds, cool-downs, trials (R8, N14, T28)."""

import datetime
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.reputation.tables import PlatformState, StateReason
from resolvers.reputation.states import (
    COMPLAINTS,
    ENOUGH,
    FIRST_COOL_DOWN,
    FORGIVEN_AFTER,
    HARD_BOUNCES,
    LONGEST_COOL_DOWN,
    TRIAL_LASTS,
    WINDOW,
    Grade,
    Numbers,
    Standing,
    judged,
    stopped_by_staff,
    tried_again,
)

NOW = datetime.datetime(2026, 3, 29, 0, 30, tzinfo=datetime.UTC)
_CLEAN, _DIRTY = Numbers(1_000, 5, 0), Numbers(1_000, 200, 0)


@pytest.mark.parametrize(
    ("numbers", "state", "reason"),
    [
        (Numbers(2, 1, 0), PlatformState.ACTIVE, None),
        (Numbers(2, 2, 1), PlatformState.ACTIVE, None),
        (Numbers(9, 9, 0), PlatformState.WARNED, StateReason.BOUNCE_RATE),
        (Numbers(10, 10, 0), PlatformState.PAUSED, StateReason.BOUNCE_RATE),
        (Numbers(100, 4, 0), PlatformState.ACTIVE, None),
        (Numbers(100, 5, 0), PlatformState.WARNED, StateReason.BOUNCE_RATE),
        (Numbers(100_000, 9_999, 0), PlatformState.WARNED, StateReason.BOUNCE_RATE),
        (Numbers(100_000, 10_000, 0), PlatformState.PAUSED, StateReason.BOUNCE_RATE),
        (Numbers(100, 0, 1), PlatformState.ACTIVE, None),
        (Numbers(100, 0, 2), PlatformState.WARNED, StateReason.COMPLAINT_RATE),
        (Numbers(100, 0, 6), PlatformState.PAUSED, StateReason.COMPLAINT_RATE),
        (Numbers(100_000, 0, 299), PlatformState.WARNED, StateReason.COMPLAINT_RATE),
        (Numbers(100_000, 0, 300), PlatformState.PAUSED, StateReason.COMPLAINT_RATE),
        (Numbers(100_000, 6_000, 300), PlatformState.PAUSED, StateReason.COMPLAINT_RATE),
        (Numbers(0, 10, 0), PlatformState.PAUSED, StateReason.BOUNCE_RATE),
    ],
)
def test_what_a_rate_does(numbers: Numbers, state: PlatformState, reason: StateReason | None) -> None:
    """T28: of tiny volumes a rate says little. What comes back long after its sends still counts."""
    after = judged(Standing(), numbers, NOW)
    assert (after.state, after.reason) == (state, reason)


def test_a_warning_ends_only_well_below_where_it_began() -> None:
    warned = judged(Standing(), Numbers(1_000, 50, 0), NOW)
    assert warned.state is PlatformState.WARNED
    for numbers in (Numbers(1_000, 49, 0), Numbers(1_000, 30, 0), Numbers(ENOUGH - 1, 0, 0), Numbers()):
        assert judged(warned, numbers, NOW) is warned
    cleared = judged(warned, Numbers(1_000, 29, 0), NOW)
    assert (cleared.state, cleared.reason, cleared.cool_down_until) == (PlatformState.ACTIVE, None, None)


def test_a_pause_ends_by_a_trial_alone() -> None:
    paused = judged(Standing(), _DIRTY, NOW)
    assert paused.cool_down_until == NOW + FIRST_COOL_DOWN
    assert judged(paused, _CLEAN, NOW + 10 * WINDOW) is paused
    assert not paused.can_resume(NOW + FIRST_COOL_DOWN - datetime.timedelta.resolution)
    over = NOW + FIRST_COOL_DOWN
    assert paused.can_resume(over)
    trial = tried_again(paused, over)
    assert (trial.state, trial.reason) == (PlatformState.TRIAL, StateReason.BOUNCE_RATE)
    assert trial.window_starts_at(over) == over.replace(hour=2, minute=0)
    assert judged(trial, _CLEAN, over + TRIAL_LASTS - datetime.timedelta.resolution) is trial
    assert judged(trial, replace(_CLEAN, sent=ENOUGH - 1), over + TRIAL_LASTS) is trial
    assert judged(trial, Numbers(1_000, 30, 0), over + TRIAL_LASTS) is trial
    assert judged(trial, _CLEAN, over + TRIAL_LASTS).state is PlatformState.ACTIVE


def test_a_trial_that_begins_on_the_hour_is_judged_from_then() -> None:
    hour = NOW.replace(minute=0)
    assert tried_again(judged(Standing(), _DIRTY, NOW), hour).judged_from == hour


def test_each_pause_is_longer_than_the_one_before() -> None:
    standing, now = Standing(), NOW
    for hours in (1, 2, 4, 8, 16, 24, 24):
        standing = judged(standing, _DIRTY, now)
        assert standing.cool_down_until == now + datetime.timedelta(hours=hours)
        now = standing.cool_down_until
        standing = tried_again(standing, now)
    forgiven = judged(replace(standing, state=PlatformState.ACTIVE), _DIRTY, now + 2 * FORGIVEN_AFTER)
    assert (forgiven.pauses, forgiven.cool_down_until) == (1, now + 2 * FORGIVEN_AFTER + FIRST_COOL_DOWN)


def test_only_staff_end_what_staff_began() -> None:
    stopped = stopped_by_staff(judged(Standing(), _DIRTY, NOW), NOW)
    assert (stopped.state, stopped.reason) == (PlatformState.PAUSED, StateReason.STAFF)
    assert not stopped.can_resume(NOW + 10 * WINDOW)
    assert judged(stopped, _CLEAN, NOW + 10 * WINDOW) is stopped
    assert tried_again(stopped, NOW).state is PlatformState.TRIAL


_NUMBERS = st.builds(Numbers, *(st.integers(0, most) for most in (3_000, 400, 20)))
_STEPS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(["judge", "judge", "judge", "resume", "staff"]), _NUMBERS),
    max_size=40,
)


@given(_STEPS)
def test_over_any_history(steps: list[tuple[int, str, Numbers]]) -> None:
    """Whatever comes back and whoever resumes: what a state says of itself holds, and each change has its
    cause."""
    standing, now = Standing(), NOW
    for quarters, act, numbers in steps:
        now += datetime.timedelta(minutes=15) * quarters
        before = standing
        if act == "judge":
            standing = judged(before, numbers, now)
            _check_judged(before, standing, numbers, now)
        elif act == "resume" and before.can_resume(now):
            assert before.state is PlatformState.PAUSED
            assert before.since is not None
            assert now - before.since >= FIRST_COOL_DOWN
            standing = tried_again(before, now)
        elif act == "staff":
            standing = stopped_by_staff(before, now)
        assert (standing.state is PlatformState.ACTIVE) == (standing.reason is None)
        has_rest = standing.state is PlatformState.PAUSED and standing.reason is not StateReason.STAFF
        assert (standing.cool_down_until is not None) == has_rest
        assert now - min(now, standing.window_starts_at(now)) <= WINDOW
        assert standing is before or standing.since == now


def _check_judged(before: Standing, after: Standing, numbers: Numbers, now: datetime.datetime) -> None:
    grade, _ = numbers.grade()
    worst = max(
        numbers.hard_bounces / max(numbers.sent, HARD_BOUNCES.volume) / HARD_BOUNCES.pause,
        numbers.complaints / max(numbers.sent, COMPLAINTS.volume) / COMPLAINTS.pause,
    )
    assert (grade is Grade.PAUSE) == (worst * 10_000 >= 1 - 1e-9)
    if before.state is PlatformState.PAUSED:
        assert after is before
    elif grade is Grade.PAUSE:
        assert after.state is PlatformState.PAUSED
        assert after.cool_down_until is not None
        assert FIRST_COOL_DOWN <= after.cool_down_until - now <= LONGEST_COOL_DOWN
        if before.paused_at is not None and now - before.paused_at <= FORGIVEN_AFTER:
            assert after.pauses == before.pauses + 1
    elif before.state is PlatformState.ACTIVE:
        assert after.state is (PlatformState.WARNED if grade is Grade.WARN else PlatformState.ACTIVE)
    elif after.state is PlatformState.ACTIVE:
        assert grade is Grade.CLEAR
        assert numbers.sent >= ENOUGH
    else:
        assert after is before
