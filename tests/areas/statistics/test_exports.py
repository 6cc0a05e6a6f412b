"""Statistics as a file."""

import csv
import datetime
import io
from dataclasses import replace
from typing import Any

import httpx
import pytest

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area
from engine.writes.sessions import WriteSessions
from models.accounts.tables import ParentAccess
from models.base.ids import new_id
from models.messages.tables import MessageChannel
from models.statistics.tables import StatisticKind
from server.exports import statistics as exports
from tests.areas.statistics.asking import DAY, MAY, OPEN, SENT, count_and_add_up, read
from tests.client.api import Api, Caller
from tests.client.links import set_parent_access
from tests.client.mutations import done
from tests.world.recipients import code_of
from tests.world.shares import Given, give_share
from tests.world.statistics import BY_MAIL, count_there, counted, labeled, roll_up
from tests.world.world import Account, World

_YEAR = {"since": "2026-01-01", "until": "2027-01-01"}
_NUMBERS = [
    "sent",
    "sends",
    "failed",
    "delivered",
    "hardBounces",
    "softBounces",
    "complaints",
    "opens",
    "uniqueOpens",
    "clicks",
    "uniqueClicks",
    "unsubscribes",
    "orders",
    "cost",
    "revenue",
]
_RATES = [
    "deliveryRate",
    "bounceRate",
    "complaintRate",
    "openRate",
    "clickRate",
    "unsubscribeRate",
    "orderRate",
    "revenuePerMessage",
]


async def _export(api: Api, caller: Caller | None, account: Account, **asked: str) -> httpx.Response:
    headers = {} if caller is None else {"authorization": f"Bearer {caller.token}"}
    query = {"accountId": account.id, **_YEAR, **asked}
    return await api.http.get("/statistics", params=query, headers=headers)


async def _rows(api: Api, caller: Caller, account: Account, **asked: str) -> list[dict[str, str]]:
    response = await _export(api, caller, account, **asked)
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.text), strict=True))


async def test_a_file_has_all_numbers(api: Api, world: World, sessions: WriteSessions) -> None:
    account = await world.account()
    analyst = await world.member(account, BuiltinRole.ANALYST)
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    await count_and_add_up(
        sessions,
        account,
        replace(counted(SENT, MAY, 8), sends=9),
        counted(StatisticKind.DELIVERED, MAY, 4),
        counted(OPEN, MAY, 1),
        replace(counted(SENT, MAY, 0), amount=1_250_000),
        replace(counted(StatisticKind.REVENUE, MAY, 2), amount=20_000_000),
        replace(counted(StatisticKind.REVENUE, MAY, 0), amount=-40_000_001),
    )
    response = await _export(api, analyst, account)
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert int(response.headers["content-length"]) == len(response.content)
    as_of = datetime.datetime.fromisoformat(response.headers["x-statistics-as-of"])
    assert before < as_of <= datetime.datetime.now(datetime.UTC)
    assert f'filename="statistics-{as_of:%Y%m%dT%H%M%SZ}.csv"' in response.headers["content-disposition"]
    head, row = csv.reader(io.StringIO(response.text), strict=True)
    assert head == [*_NUMBERS, *_RATES, "currency"]
    assert row[:15] == [*"890400011000", "2", "1.25", "-20.000001"]
    rates = [0.5, 0, 0, 0.25, 0, 0, 0.5]
    assert row[15:] == [*(f"{rate:.6f}" for rate in rates), "-2.5", "EUR"]


async def test_by_everything_as_the_query(api: Api, world: World, sessions: WriteSessions) -> None:
    """With the names of accounts, and no cell that a spreadsheet computes."""
    account = await world.account(name="=1+1, Ltd.")
    owner = await world.member(account, BuiltinRole.OWNER)
    key, campaign = new_id(), new_id()
    by_sms = replace(BY_MAIL, channel=MessageChannel.SMS, api_key_id=key, label="@sum(1)")
    by_campaign = replace(BY_MAIL, label='a "b", c\u20ac', campaign_id=campaign)
    given = [counted(SENT, MAY, 2, by_sms), counted(SENT, MAY - 40 * DAY, 3, by_campaign)]
    await count_and_add_up(sessions, account, *given, counted(SENT, MAY, 5))
    by = ["ACCOUNT", "LABEL", "CAMPAIGN", "STREAM", "CHANNEL", "API_KEY"]
    found = await _rows(api, owner, account, by=",".join(by), interval="MONTH")
    rows = await read(api, owner, account, by=by, interval="MONTH")
    assert len(rows) == 3
    for line, row in zip(found, rows, strict=True):
        assert line["account"] == "'=1+1, Ltd."
        assert line["accountId"] == row["account"]["id"]
        label = row["label"] or ""
        assert line["label"] == (f"'{label}" if label.startswith("@") else label)
        for name in ("startsOn", "campaignId", "stream", "channel", "apiKeyId"):
            assert line[name] == (row[name] or "")
        assert line["sent"] == str(row["numbers"]["sent"])
    (only,) = await _rows(api, owner, account, label="@SUM(1)", channel="SMS", stream="MARKETING")
    assert only["sent"] == "2"
    (only,) = await _rows(api, owner, account, campaignId=f"cmpg_{campaign}")
    assert only["sent"] == "3"
    (only,) = await _rows(
        api, owner, account, since="2026-05-01", until="2026-06-01", comparedToPrevious="true"
    )
    assert (only["sent"], only["previousSent"]) == ("7", "0")
    recent = datetime.datetime.now(datetime.UTC) - DAY
    await count_and_add_up(sessions, account, counted(SENT, recent, 7))
    hours = {"since": str(recent.date()), "until": str((recent + DAY).date()), "interval": "HOUR"}
    (hour,) = await _rows(api, owner, account, **hours)
    assert datetime.datetime.fromisoformat(hour["startsAt"]) == recent.replace(
        minute=0, second=0, microsecond=0
    )


async def test_nothing_was_sent(api: Api, world: World) -> None:
    """A line of zeros; by anything, none."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    (row,) = await _rows(api, owner, account)
    assert (row["sent"], row["openRate"], row["revenuePerMessage"]) == ("0", "", "")
    assert await _rows(api, owner, account, by="LABEL") == []


async def test_a_tree_as_far_as_it_is_seen(api: Api, world: World, sessions: WriteSessions) -> None:
    """A share of statistics alone has them, and the names of its accounts (R38)."""
    master = await world.account()
    middle, shut = await world.account(master), await world.account(master)
    await set_parent_access(world, shut, ParentAccess.NONE)
    owner, guest = await world.member(master, BuiltinRole.OWNER), await world.person()
    await give_share(world, [middle], guest, owner.person, Given(role=None, areas=[Area.STATISTICS]))
    for number, account in enumerate((master, middle, shut)):
        own = labeled(f"of {number}")
        await count_there(sessions, account, counted(SENT, MAY, 10**number, own))
    await roll_up(sessions, master)
    below = {"includeDescendants": "true"}
    by_account = {**below, "by": "ACCOUNT"}
    found = await _rows(api, owner, master, **by_account)
    assert {row["accountId"]: row["sent"] for row in found} == {master.id: "1", middle.id: "10"}
    found = await _rows(api, owner, master, **below, by="LABEL")
    assert {row["label"]: row["sent"] for row in found} == {"of 0": "1", "of 1": "10"}
    found = await _rows(api, guest, middle, **by_account)
    assert [(row["account"], row["sent"]) for row in found] == [(middle.name, "10")]
    assert code_of(await _export(api, guest, master)) == "404 NOT_FOUND"


async def test_who_may_not_see_them_gets_no_file(api: Api, world: World) -> None:
    account = await world.account()
    developer = await world.member(account, BuiltinRole.DEVELOPER)
    stranger = await world.member(await world.account(), BuiltinRole.OWNER)
    assert code_of(await _export(api, developer, account)) == "403 FORBIDDEN"
    assert code_of(await _export(api, stranger, account)) == "404 NOT_FOUND"
    assert code_of(await _export(api, None, account)) == "401 UNAUTHENTICATED"
    gone = await world.api_key(account)
    owner = await world.member(account, BuiltinRole.OWNER)
    await done(api, "apiKeyRevoke", owner, apiKeyId=gone.id)
    assert code_of(await _export(api, gone, account)) == "401 UNAUTHENTICATED"


_AT_FAULT = ("until", "comparedToPrevious")
"""Of what is given together."""


@pytest.mark.parametrize(
    "asked",
    [
        {"label": " "},
        {"label": "a" * 51},
        {"since": "2026-05-05", "until": "2026-05-04"},
        {"since": "1999-12-31"},
        {"until": "2036-01-01"},
        {"since": "20260101"},
        {"since": "2026-02-30"},
        {"since": ""},
        {"by": ""},
        {"by": "LABEL,"},
        {"by": "label"},
        {"interval": "WEEK"},
        {"stream": "BOTH"},
        {"channel": "FAX"},
        {"includeDescendants": "1"},
        {"comparedToPrevious": "true", "interval": "DAY"},
        {"first": "20"},
        {"label": "\0"},
    ],
)
async def test_what_cannot_be_asked(asked: dict[str, Any], api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    refused = await _export(api, owner, account, **asked)
    assert code_of(refused) == "400 BAD_USER_INPUT"
    # None is there by the name `first`.
    named = None if "first" in asked else next(name for name in (*_AT_FAULT, *asked) if name in asked)
    assert refused.json()["errors"][0]["extensions"].get("argument") == named


async def test_dimensions_that_are_empty_are_told(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    (error,) = (await _export(api, owner, account, by="")).json()["errors"]
    assert error["message"].startswith("`by` is empty: leave it out, or give some of ACCOUNT, LABEL, ")


async def test_what_is_not_found_names_its_parameter(api: Api, world: World) -> None:
    account, other = await world.account(), await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    for refused, named in (
        (await _export(api, owner, other), "accountId"),
        (await _export(api, owner, account, campaignId="cmpg_none"), "campaignId"),
    ):
        assert code_of(refused) == "404 NOT_FOUND"
        assert refused.json()["errors"][0]["extensions"]["argument"] == named


async def test_too_many_rows(
    api: Api, world: World, sessions: WriteSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place for files is free again, also behind a file that came whole."""
    monkeypatch.setattr(exports, "MOST_ROWS", 2)
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    await count_and_add_up(sessions, account, *[counted(SENT, MAY, 1, labeled(text)) for text in "abc"])
    for _ in range(4):
        assert code_of(await _export(api, owner, account, by="LABEL")) == "400 BAD_USER_INPUT"
        assert len(await _rows(api, owner, account)) == 1


async def test_many_rows_come_in_the_order_of_the_query(
    api: Api, world: World, sessions: WriteSessions
) -> None:
    """Batch by batch, each once."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    days = [MAY + number * DAY for number in range(120)]
    texts = [f"label {number}" for number in range(10)]
    await count_and_add_up(
        sessions, account, *[counted(SENT, day, 1, labeled(text)) for day in days for text in texts]
    )
    found = await _rows(api, owner, account, by="LABEL", interval="DAY")
    keys = [(row["startsOn"], row["label"]) for row in found]
    assert keys == sorted(keys)
    assert len(set(keys)) == 1_200
