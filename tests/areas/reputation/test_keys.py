"""Both keys of a source: who turns them, and what is refused then (R7-R9, N14, T29)."""

import datetime
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.reputation.tables import CustomerState, PlatformState, StateReason
from models.sending.tables import SendStream
from resolvers.reputation.mail_kinds import REPUTATION_CHANGED, REPUTATION_CHANGED_FOR_STAFF
from resolvers.reputation.states import TRIAL_SENDS
from server.database.clock import Clock
from tests.areas.effects.log import events_of, last_event, mails_to
from tests.areas.reputation.conftest import Agency
from tests.areas.reputation.sources import SHOWN, key_id, sources_of, this
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.reputation import give_source, source_of
from tests.world.sends import reserve, reserved, settle
from tests.world.staff import staff_member
from tests.world.world import World

_PAUSED: dict[str, Any] = {
    "platform_state": PlatformState.PAUSED.value,
    "reason": StateReason.BOUNCE_RATE.value,
}
_TRIAL: dict[str, Any] = {
    "platform_state": PlatformState.TRIAL.value,
    "reason": StateReason.BOUNCE_RATE.value,
}
_HOUR = datetime.timedelta(hours=1)
_PREVIEW = """query ($accountId: ID!, $stream: SendStream!, $recipients: [String!]!) {
  sendPreview(accountId: $accountId, stream: $stream, recipients: $recipients) { warnings } }"""


async def test_the_account_pauses_and_resumes_what_of_it_sends(api: Api, agency: Agency) -> None:
    """N14: one key on one stream; neither the other stream, nor another key, nor people."""
    us = agency.client
    paused = await done(api, "sendingSourcePause", agency.manager, SHOWN, **this(us, agency.key))
    shown = paused["sendingSource"]
    assert (shown["apiKeyId"], shown["apiKey"]["id"]) == (key_id(agency.key), key_id(agency.key))
    assert (shown["canSend"], shown["customerState"], shown["platformState"]) == (False, "PAUSED", "ACTIVE")
    event = await last_event(api, agency.owner, us.id)
    assert (event["type"], event["subjectId"]) == ("SENDING_PAUSED", us.id)
    assert event["after"] == {"stream": "MARKETING", "apiKeyId": key_id(agency.key)}
    refused = await reserve(api, agency.key, us, "ann")
    assert refused.code == "SENDING_PAUSED"
    assert refused.user_error is not None
    assert "The account has paused" in refused.user_error["message"]
    assert (await reserve(api, agency.key, us, "ann", stream="TRANSACTIONAL")).done
    assert (await reserve(api, agency.second, us, "ann")).done
    assert (await reserve(api, agency.manager, us, "ann")).done
    before = await sources_of(api, agency.owner, us)
    await done(api, "sendingSourcePause", agency.manager, SHOWN, **this(us, agency.key))
    assert await sources_of(api, agency.owner, us) == before
    assert len(await events_of(api, agency.owner, us.id, "SENDING_PAUSED")) == 1
    resumed = await done(api, "sendingSourceResume", agency.manager, SHOWN, **this(us, agency.key))
    assert (resumed["sendingSource"]["canSend"], resumed["sendingSource"]["customerState"]) == (
        True,
        "ACTIVE",
    )
    assert (await last_event(api, agency.owner, us.id))["type"] == "SENDING_RESUMED"
    assert (await reserve(api, agency.key, us, "ann")).done


async def test_what_was_reserved_before_a_pause_is_not_sent(api: Api, world: World, agency: Agency) -> None:
    """T29: also by the other one of both keys, and where somebody else commits it."""
    us = agency.client
    sent = await reserved(api, agency.key, us, "ann")
    assert await settle(api, agency.key, "sendCommit", sent) == ""
    held = await reserved(api, agency.key, us, "bob")
    await done(api, "sendingSourcePause", agency.manager, SHOWN, **this(us, agency.key))
    before = await world.state(agency.master)
    for caller in (agency.key, agency.second, agency.manager):
        assert await settle(api, caller, "sendCommit", held) == "SENDING_PAUSED"
    assert await world.state(agency.master) == before
    assert await settle(api, agency.key, "sendCommit", sent) == ""
    assert await settle(api, agency.key, "sendVoid", held) == ""


async def test_resuming_what_nobody_paused_changes_nothing(api: Api, world: World, agency: Agency) -> None:
    before = await world.state(agency.master)
    made = await done(api, "sendingSourceResume", agency.manager, SHOWN, **this(agency.client))
    assert made["sendingSource"] is None
    assert await world.state(agency.master) == before


async def test_a_key_of_another_account_is_unknown(api: Api, world: World, agency: Agency) -> None:
    """T1: also to staff."""
    agent = await staff_member(world)
    before = await world.state(agency.master)
    for field, caller, more in (
        ("sendingSourcePause", agency.owner, {}),
        ("sendingSourceResume", agency.owner, {}),
        ("sendingSourceStaffPause", agent, {"reason": "Spam."}),
        ("sendingSourceStaffResume", agent, {"reason": "Spam."}),
    ):
        refused = await attempt(api, field, caller, **this(agency.other, agency.key, **more))
        assert (refused.code, refused.named) == ("NOT_FOUND", "apiKeyId")
    assert await world.state(agency.master) == before


async def test_the_platforms_pause_ends_by_a_trial_after_the_cool_down(
    api: Api, world: World, agency: Agency, clock: Clock
) -> None:
    """R8, N14: the refusal says which key, why, and when it can be turned."""
    us, now = agency.client, await clock.now()
    until = now + _HOUR
    await give_source(
        world, us, **_PAUSED, platform_since=now, cool_down_until=until, pauses=1, paused_at=now
    )
    refused = await reserve(api, agency.manager, us, "ann")
    assert refused.code == "SENDING_PAUSED"
    assert refused.user_error is not None
    for said in ("The platform has paused", "BOUNCE_RATE", f"{until:%Y-%m-%d %H:%M} UTC", f"{now:%H:%M}"):
        assert said in refused.user_error["message"]
    before = await world.state(agency.master)
    early = await attempt(api, "sendingSourceResume", agency.manager, **this(us))
    assert early.code == "SENDING_PAUSED"
    assert await world.state(agency.master) == before
    await clock.forward(hours=1)
    resumed = await done(api, "sendingSourceResume", agency.manager, SHOWN, **this(us))
    shown = resumed["sendingSource"]
    assert (shown["platformState"], shown["trialSendsLeft"], shown["coolDownUntil"]) == (
        "TRIAL",
        TRIAL_SENDS,
        None,
    )
    (event,) = await events_of(api, agency.owner, us.id, "REPUTATION_CHANGED")
    assert (event["before"]["platformState"], event["after"]["platformState"]) == ("PAUSED", "TRIAL")
    assert (await reserve(api, agency.manager, us, "ann")).done
    assert (await sources_of(api, agency.manager, us))[0]["trialSendsLeft"] == TRIAL_SENDS - 1


async def test_the_accounts_key_turns_while_the_platform_holds_its_own(
    api: Api, world: World, agency: Agency, clock: Clock
) -> None:
    now = await clock.now()
    await give_source(
        world,
        agency.client,
        **_PAUSED,
        platform_since=now,
        cool_down_until=now + _HOUR,
        customer_state=CustomerState.PAUSED.value,
        customer_since=now,
    )
    resumed = await done(api, "sendingSourceResume", agency.manager, SHOWN, **this(agency.client))
    shown = resumed["sendingSource"]
    assert (shown["customerState"], shown["platformState"], shown["canSend"]) == ("ACTIVE", "PAUSED", False)


async def test_a_trial_lets_so_many_through_in_an_hour(
    api: Api, world: World, agency: Agency, clock: Clock
) -> None:
    us, now = agency.client, await clock.now()
    await give_source(world, us, **_TRIAL, platform_since=now)
    names = [f"contact{number}" for number in range(TRIAL_SENDS)]
    assert (await reserve(api, agency.manager, us, *names[:60])).done
    before = await world.state(agency.master)
    refused = await reserve(api, agency.manager, us, *names[60:], "one.more")
    assert refused.code == "TRIAL_LIMIT_REACHED"
    assert refused.user_error is not None
    assert "40 of them left until" in refused.user_error["message"]
    assert await world.state(agency.master) == before
    assert (await reserve(api, agency.manager, us, *names[60:])).done
    assert (await reserve(api, agency.manager, us, "ann")).code == "TRIAL_LIMIT_REACHED"
    assert (await reserve(api, agency.manager, us, "ann", stream="TRANSACTIONAL")).done
    await clock.forward(hours=1)
    assert (await reserve(api, agency.manager, us, "ann")).done
    assert (await source_of(world, us)).trial_sends == 1


async def test_a_preview_warns_of_both(api: Api, world: World, agency: Agency) -> None:
    """Of what the viewer would send with."""
    us = agency.client
    await give_source(world, us, api_key_id=agency.key.key, customer_state=CustomerState.PAUSED.value)
    await give_source(world, us, api_key_id=agency.second.key, **_TRIAL)
    many = [f"contact{number}@example.com" for number in range(TRIAL_SENDS + 1)]
    for caller, recipients, warnings in (
        (agency.manager, many, []),
        (agency.key, many[:1], ["SENDING_PAUSED"]),
        (agency.second, many, ["TRIAL_LIMIT"]),
        (agency.second, many[:-1], []),
    ):
        asked = {"accountId": us.id, "stream": "MARKETING", "recipients": recipients}
        assert (await api.read(_PREVIEW, caller, **asked))["sendPreview"]["warnings"] == warnings
        asked["stream"] = "TRANSACTIONAL"
        assert (await api.read(_PREVIEW, caller, **asked))["sendPreview"]["warnings"] == []


async def test_a_retry_of_what_passed_counts_once(
    api: Api, world: World, agency: Agency, clock: Clock
) -> None:
    """T17: on trial too, and also when the trial's hour is full."""
    us, now = agency.client, await clock.now()
    await give_source(world, us, **_TRIAL, trial_hour_at=now, trial_sends=TRIAL_SENDS - 1)
    first = await reserve(api, agency.manager, us, "ann", key="once")
    again = await reserve(api, agency.manager, us, "ann", key="once")
    assert (first.done, again.payload["replayed"]) == (True, True)
    assert (await source_of(world, us)).trial_sends == TRIAL_SENDS


async def test_staff_stop_and_let_go(api: Api, world: World, agency: Agency, clock: Clock) -> None:
    """R88: only staff end what staff began; everybody hears of it once."""
    us, agent = agency.client, await staff_member(world)
    stop = this(us, agency.key, reason="Phishing.")
    stopped = await done(
        api,
        "sendingSourceStaffPause",
        agent,
        "sendingSource { apiKeyId platformState reason trialSendsLeft }",
        **stop,
    )
    assert stopped["sendingSource"] == {
        "apiKeyId": key_id(agency.key),
        "platformState": "PAUSED",
        "reason": "STAFF",
        "trialSendsLeft": None,
    }
    query = """query ($id: ID!) { staff { account(id: $id) { sendingSources { nodes {
      apiKeyId canSend sent } } } } }"""
    seen = (await api.read(query, agent, id=us.id))["staff"]["account"]["sendingSources"]["nodes"]
    assert seen == [{"apiKeyId": key_id(agency.key), "canSend": False, "sent": 0}]
    assert await code_of(api, "sendingSourceStaffPause", agent, **stop) == "FAILED_PRECONDITION"
    event = await last_event(api, agency.owner, us.id)
    assert (event["type"], event["actorName"]) == ("REPUTATION_CHANGED", "Platform support")
    assert (event["after"]["reason"], event["after"]["note"]) == ("STAFF", "Phishing.")
    for person, kind in (
        (agency.owner.person, REPUTATION_CHANGED),
        (agency.manager.person, REPUTATION_CHANGED),
        (agent, REPUTATION_CHANGED_FOR_STAFF),
    ):
        (mail,) = [m for m in await mails_to(world.database, person.email) if m.subject == kind.subject]
        assert "PAUSED" in mail.body
        assert "“Phishing.”" in mail.body
    assert (await reserve(api, agency.key, us, "ann")).code == "SENDING_PAUSED"
    assert (await reserve(api, agency.second, us, "ann")).done
    await clock.forward(days=8)
    assert await code_of(api, "sendingSourceResume", agency.owner, **this(us, agency.key)) == "SENDING_PAUSED"
    go = this(us, agency.key, reason="A mistake.")
    await done(api, "sendingSourceStaffResume", agent, "sendingSource { platformState trialSendsLeft }", **go)
    assert await code_of(api, "sendingSourceStaffResume", agent, **go) == "FAILED_PRECONDITION"
    assert (await source_of(world, us, SendStream.MARKETING, agency.key.key)).platform_state == "TRIAL"
    assert (await reserve(api, agency.key, us, "bob")).done


async def test_who_sees_what_of_a_source(api: Api, world: World, agency: Agency) -> None:
    """T38: STATISTICS_READ shows it, API_KEYS_READ the key besides."""
    await give_source(world, agency.client, api_key_id=agency.key.key, **_TRIAL, sent=300, hard_bounces=7)
    analyst = await world.member(agency.client, BuiltinRole.ANALYST)
    (shown,) = await sources_of(api, analyst, agency.client)
    assert (shown["apiKeyId"], shown["apiKey"]) == (key_id(agency.key), None)
    assert (shown["bounceRate"], shown["complaintRate"]) == (233, 0)
    (shown,) = await sources_of(api, agency.manager, agency.client)
    assert shown["apiKey"]["id"] == key_id(agency.key)
    developer = await world.member(agency.client, BuiltinRole.DEVELOPER)
    query = "query ($id: ID!) { account(id: $id) { sendingSources { nodes { stream } } } }"
    answer = await api.ask(query, developer, id=agency.client.id)
    assert "FORBIDDEN" in answer.codes


@pytest.mark.parametrize("field", ["sendingSourcePause", "sendingSourceResume"])
async def test_a_name_of_another_kind_is_bad_input(api: Api, agency: Agency, field: str) -> None:
    wrong = this(agency.client) | {"apiKeyId": agency.master.id}
    refused = await attempt(api, field, agency.manager, **wrong)
    assert (refused.code, refused.named) in (("NOT_FOUND", "apiKeyId"), ("BAD_USER_INPUT", "apiKeyId"))
