"""`mandant clock forward`."""

import datetime
from pathlib import Path

import pytest

from server.commands.clock import hours_of, set_forward
from server.commands.database import embedded_database
from server.database.clock import Clock
from server.database.connections import connect_as_application, connect_as_owner
from server.embedded_postgres import DatabaseAddresses
from server.failures.command_failed import CommandFailed
from server.settings.settings import Settings
from tests.database.database import clone, drop, named


@pytest.mark.parametrize(("span", "hours"), [("31d", 744), ("1h", 1), ("36h", 36)])
def test_a_span(span: str, hours: int) -> None:
    assert hours_of(span) == hours


@pytest.mark.parametrize("span", ["", "31", "d", "0d", "-1d", "1.5d", "1w", "1d1h", "123456d", "1\uff13d"])
def test_what_is_no_span_is_refused(span: str) -> None:
    with pytest.raises(CommandFailed, match="Not a span of time"):
        hours_of(span)


async def test_the_clock_goes_forward_for_everybody_and_not_further_than_ten_years(
    addresses: DatabaseAddresses,
) -> None:
    name = await clone(addresses.owner)
    own = DatabaseAddresses(named(addresses.owner, name), named(addresses.application, name))
    database = connect_as_application(own.application, pool_size=1)
    try:
        before = await Clock(database).now()
        shown = await set_forward(own, 31 * 24)
        after = await Clock(database).now()
        with pytest.raises(CommandFailed, match="ten years"):
            await set_forward(own, 3650 * 24)
        assert await Clock(database).now() - after < datetime.timedelta(days=1)
    finally:
        await database.dispose()
        await drop(addresses.owner, name)
    assert datetime.timedelta(days=31) <= shown - before < datetime.timedelta(days=31, minutes=5)
    assert shown <= after


async def test_setting_it_again_never_shows_less_in_between(addresses: DatabaseAddresses) -> None:
    """A server that looks at it meanwhile must not see a cycle begin twice."""
    name = await clone(addresses.owner)
    database = connect_as_owner(named(addresses.owner, name))
    try:
        clock = Clock(database)
        moments = [await clock.now()]
        for _ in range(3):
            await clock.forward(days=1)
            moments.append(await clock.now())
    finally:
        await database.dispose()
        await drop(addresses.owner, name)
    assert moments == sorted(moments)


def test_no_database_is_made_for_it(settings: Settings, tmp_path: Path) -> None:
    elsewhere = settings.model_copy(update={"folder": tmp_path / "nothing", "database_url": None})
    with pytest.raises(CommandFailed, match="MANDANT_FOLDER"), embedded_database(elsewhere):
        pass
    assert not (tmp_path / "nothing").exists()


def test_the_clock_of_a_database_of_others_is_not_set(settings: Settings) -> None:
    foreign = settings.model_copy(update={"database_url": "postgresql://somebody@127.0.0.1:1/theirs"})
    with pytest.raises(CommandFailed, match="embedded PostgreSQL alone"), embedded_database(foreign):
        pass
