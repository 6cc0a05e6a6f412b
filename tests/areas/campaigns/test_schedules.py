"""A campaign starts at a date and time of its account, at its pace, and not in quiet hours."""

import datetime
import itertools
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from models.accounts.tables import AccountStatus
from models.messages.tables import delivery_queues
from models.settings.tables import SettingName
from resolvers.campaigns.local_time import moment_of, quiet_span
from resolvers.campaigns.pace import AHEAD, Pause, Slice, next_slice
from resolvers.review.policy import ReviewPolicy
from resolvers.settings.values import QuietHours
from tests.areas.campaigns.conftest import Desk
from tests.client.mutations import attempt, code_of
from tests.world.sends import used
from tests.world.settings import set_setting

_BERLIN = ZoneInfo("Europe/Berlin")
_NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
_SECOND = datetime.timedelta(seconds=1)


def _soon(**time: float) -> str:
    local = datetime.datetime.now(_BERLIN) + datetime.timedelta(**time)
    return local.strftime("%Y-%m-%dT%H:%M")


async def _schedule(desk: Desk, made: dict[str, str], starts_at: str) -> str:
    values = {"campaignId": made["id"], "expectedVersion": 1, "startsAt": starts_at}
    return await code_of(desk.api, "campaignSchedule", desk.shop.owner, **values)


async def test_it_starts_at_its_time_and_is_counted_then(desk: Desk) -> None:
    await set_setting(desk.world, desk.shop.account, SettingName.TIME_ZONE, "Europe/Berlin")
    made = await desk.draft("ann@example.com")
    assert await _schedule(desk, made, _soon(hours=3)) == ""
    row = await desk.row(made)
    assert (row.status, row.time_zone) == ("SCHEDULED", "Europe/Berlin")
    left = row.starts_at - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(hours=2.9) < left <= datetime.timedelta(hours=3)
    await desk.work(made)
    assert (await desk.row(made)).status == "SCHEDULED"
    assert await used(desk.api, desk.shop.owner, desk.shop.account) == (0, 0)
    changed = {"campaignId": made["id"], "expectedVersion": 2, "name": "Else"}
    assert await code_of(desk.api, "campaignUpdate", desk.shop.owner, **changed) == "FAILED_PRECONDITION"
    await desk.let_pass(made, hours=3)
    await desk.work(made)
    row = await desk.row(made)
    assert (row.status, row.messages) == ("SENDING", 1)
    assert row.asked_by_user_id == desk.shop.owner.person.key
    assert await used(desk.api, desk.shop.owner, desk.shop.account) == (1, 1)


async def test_the_gate_is_asked_at_its_time(desk: Desk) -> None:
    """T29: what refuses it is told, nothing is counted, and it can be sent again."""
    for policy, status, code in (
        (ReviewPolicy.REQUIRED, AccountStatus.ACTIVE, "REVIEW_REQUIRED"),
        (ReviewPolicy.OFF, AccountStatus.SUSPENDED, "ACCOUNT_SUSPENDED"),
    ):
        made = await desk.draft(f"{code.lower()}@example.com")
        assert await _schedule(desk, made, _soon(hours=3)) == ""
        await desk.let_pass(made, hours=5)
        await desk.world.set_status(desk.shop.account, status)
        await desk.work(made, policy)
        row = await desk.row(made)
        assert (row.status, row.failure_code, row.work_due_at) == ("FAILED", code, None)
        assert await desk.messages() == []
        await desk.world.set_status(desk.shop.account, AccountStatus.ACTIVE)
        assert await used(desk.api, desk.shop.owner, desk.shop.account) == (0, 0)
    changed = await desk.do("campaignUpdate", campaignId=made["id"], expectedVersion=3, name="Else")
    assert (changed["campaign"]["status"], changed["campaign"]["failureCode"]) == ("DRAFT", None)
    assert (await desk.send(changed["campaign"]))["status"] == "SENDING"


async def test_what_is_scheduled_can_be_a_draft_again(desk: Desk) -> None:
    made = await desk.draft("ann@example.com")
    assert await _schedule(desk, made, _soon(hours=30)) == ""
    canceled = await desk.do("campaignCancel", campaignId=made["id"])
    assert (canceled["campaign"]["status"], canceled["campaign"]["version"]) == ("DRAFT", 3)
    await desk.work(made)
    assert (await desk.row(made)).starts_at is None


async def test_dates_that_cannot_be(desk: Desk) -> None:
    made = await desk.draft("ann@example.com")
    for text in (
        "",
        "tomorrow",
        "2026-02-30T10:00",
        "2026-03-01T10:00:00Z",
        "2026-03-01 10:00",
        "٢٠٢٦-٠٣-٠١T10:00",
        "0001-01-01T00:00",
        "9999-12-31T23:59",
        _soon(hours=-5),
        _soon(days=368),
    ):
        values = {"campaignId": made["id"], "expectedVersion": 1, "startsAt": text}
        tried = await attempt(desk.api, "campaignSchedule", desk.shop.owner, **values)
        assert (tried.code, tried.named) == ("BAD_USER_INPUT", "startsAt")
    assert (await desk.row(made)).status == "DRAFT"


def test_times_that_clocks_skip_or_show_twice() -> None:
    for local, utc in (
        ("2026-03-29T01:59", "2026-03-29T00:59"),
        ("2026-03-29T02:00", "2026-03-29T01:00"),
        ("2026-03-29T02:30", "2026-03-29T01:00"),
        ("2026-03-29T03:00", "2026-03-29T01:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30"),
        ("2026-10-25T03:00", "2026-10-25T02:00"),
    ):
        found = moment_of(datetime.datetime.fromisoformat(local), _BERLIN)
        assert found == datetime.datetime.fromisoformat(utc).replace(tzinfo=datetime.UTC)
    skipped = datetime.datetime.fromisoformat("2011-12-30T10:00")
    next_day = moment_of(skipped, ZoneInfo("Pacific/Apia")).astimezone(ZoneInfo("Pacific/Apia"))
    assert next_day.strftime("%Y-%m-%dT%H:%M") == "2011-12-31T00:00"


@pytest.mark.parametrize(
    ("hours", "at", "span"),
    [
        (("22:00", "07:00"), "2026-06-01T12:00", ("2026-06-01T20:00", "2026-06-02T05:00")),
        (("22:00", "07:00"), "2026-06-01T21:00", ("2026-06-01T20:00", "2026-06-02T05:00")),
        (("22:00", "07:00"), "2026-06-02T04:59", ("2026-06-01T20:00", "2026-06-02T05:00")),
        (("22:00", "07:00"), "2026-06-02T05:00", ("2026-06-02T20:00", "2026-06-03T05:00")),
        (("12:00", "14:00"), "2026-06-01T12:00", ("2026-06-02T10:00", "2026-06-02T12:00")),
        (("02:10", "02:50"), "2026-03-28T12:00", ("2026-03-30T00:10", "2026-03-30T00:50")),
    ],
)
def test_quiet_hours(hours: tuple[str, str], at: str, span: tuple[str, str]) -> None:
    """The last one: the night when clocks skip all of them has none."""
    moments = [datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC) for text in (at, *span)]
    assert quiet_span(QuietHours(*hours), _BERLIN, moments[0]) == tuple(moments[1:])


def test_the_pace() -> None:
    hour = datetime.timedelta(hours=1)
    assert next_slice(_NOW - hour, None, None, _NOW) == Slice(_NOW, 0 * hour, 10_000)
    assert next_slice(_NOW, 3600, None, _NOW) == Slice(_NOW, _SECOND, AHEAD // _SECOND)
    assert next_slice(_NOW + 30 * _SECOND, 3600, None, _NOW) == Slice(_NOW + 30 * _SECOND, _SECOND, 270)
    assert next_slice(_NOW, 1, None, _NOW) == Slice(_NOW, hour, 1)
    assert next_slice(_NOW + hour, 1, None, _NOW) == Pause(_NOW + hour - AHEAD)
    quiet = _NOW + 10 * _SECOND, _NOW + 9 * hour
    assert next_slice(_NOW, 3600, quiet, _NOW) == Slice(_NOW, _SECOND, 10)
    assert next_slice(_NOW + 10 * _SECOND, 3600, quiet, _NOW) == Pause(quiet[1] - AHEAD)
    night = _NOW - hour, _NOW + _SECOND
    assert next_slice(_NOW, None, night, _NOW) == Slice(_NOW + _SECOND, 0 * hour, 10_000)
    found = next_slice(_NOW, 10_000_000, None, _NOW)
    assert isinstance(found, Slice)
    assert found.most == 10_000


async def test_messages_have_their_pace(desk: Desk) -> None:
    names = [f"a{number}@example.com" for number in range(10)]
    sent = await desk.send(await desk.draft(*names, messagesPerHour=60))
    await desk.work(sent)
    dues = sorted(row.due_at for row in await desk.messages())
    assert {later - due for due, later in itertools.pairwise(dues)} == {60 * _SECOND}
    assert len(dues) in (5, 6)
    await desk.let_pass(sent, minutes=5)
    await desk.work(sent)
    assert len(await desk.statuses()) == 10


async def test_nothing_is_written_or_handed_over_in_quiet_hours(desk: Desk) -> None:
    sent = await desk.send(await desk.draft("ann@example.com"))
    now = datetime.datetime.now(datetime.UTC)
    start, end = ((now + datetime.timedelta(hours=hours)).strftime("%H:%M") for hours in (-1, 2))
    await set_setting(desk.world, desk.shop.account, SettingName.QUIET_HOURS, QuietHours(start, end))
    await desk.work(sent)
    assert await desk.messages() == []
    row = await desk.row(sent)
    assert datetime.timedelta(hours=1.8) < row.work_due_at - now <= datetime.timedelta(hours=2)
    await desk.let_pass(sent, hours=2)
    await desk.change(sent, held_from=None, held_until=None)
    late, later = ((now + datetime.timedelta(hours=hours)).strftime("%H:%M") for hours in (1, 2))
    await set_setting(desk.world, desk.shop.account, SettingName.QUIET_HOURS, QuietHours(late, later))
    await desk.work(sent)
    assert len(await desk.messages()) == 1
    row = await desk.row(sent)
    assert row.held_from > now
    await desk.change(sent, held_from=now - _SECOND)
    assert await desk.claim() == []
    assert await desk.queued() == {row.held_until}
    await desk.change(sent, held_until=now)
    async with desk.database.begin() as connection:
        of_shop = delivery_queues.c.account_id == desk.shop.account.key
        await connection.execute(update(delivery_queues).where(of_shop).values(due_at=now))
    assert await desk.claim() == ["ann@example.com"]
