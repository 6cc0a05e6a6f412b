"""T29: every way of sending asks every gate, and a way that is new is in the table."""

import datetime
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, update

from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from models.accounts.tables import AccountStatus
from models.base.ids import Kind, MasterId, present
from models.budgets.tables import BudgetCurrency
from models.campaigns.job_kinds import CAMPAIGN_EXPANSION
from models.campaigns.tables import CampaignStatus, campaigns
from models.effects.jobs import Job, job_kinds
from models.messages.tables import MessageChannel
from models.reputation.tables import CustomerState, PlatformState, StateReason
from models.sending.tables import SendStream
from models.settings.tables import SettingName
from resolvers.campaigns.work import work_on
from resolvers.inputs.global_ids import required
from resolvers.messages.delivery.claim import claim_messages
from resolvers.reputation.states import TRIAL_SENDS
from resolvers.review.policy import ReviewPolicy
from server.database.clock import Clock
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.areas.review.reviewing import reviewing_api
from tests.areas.sending.ways import (
    DONE,
    GATES,
    HANDING_OVER,
    JOBS,
    NOT_SENDING,
    STARTING,
    WAYS,
)
from tests.authz.matrix import matrix_fields
from tests.by_day import one_in
from tests.client.api import Api, Caller
from tests.client.mutations import Token, attempt, done
from tests.world.block_list import give_entries
from tests.world.budgets import set_budget
from tests.world.campaigns import campaign_id, give_campaign, give_list, tomorrow
from tests.world.contacts import contact_list_id
from tests.world.credit import give_credit
from tests.world.domains import forget_domains
from tests.world.messages import give_sender, mail, send
from tests.world.plans import make_plan, subscribe
from tests.world.recipients import addresses as lines
from tests.world.recipients import uploaded
from tests.world.reputation import give_source
from tests.world.sends import booking, reserved
from tests.world.settings import set_setting
from tests.world.templates import give_template
from tests.world.world import Account, ApiKey, Member, World

_PRICE = 100
_PLANS: dict[str, dict[str, int]] = {
    "contacts": {"active_contacts": 2},
    "sends": {"sends": 2},
    "cap of credit": {"sends": 2, "send_price": _PRICE},
    "credit": {"sends": 2, "send_price": _PRICE},
}
"""Of the gates that a plan closes, once two others were sent to; the others have plenty."""
_EARLIER = "zed"
_PHONE = "+46701234567"


@pytest.fixture(scope="module")
async def reviewing(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Api]:
    async with reviewing_api(settings, addresses.application) as api:
        yield api


@pytest.fixture(scope="module")
async def sessions(addresses: DatabaseAddresses) -> AsyncIterator[WriteSessions]:
    """As a worker has them."""
    engine = connect_as_application(addresses.application, pool_size=2)
    yield WriteSessions(engine)
    await engine.dispose()


@dataclass(frozen=True)
class Yard:
    """An account that could send in every way, from the addresses of its own to `ann@example.com`."""

    world: World
    master: Account
    account: Account
    owner: Member
    keys: tuple[ApiKey, ApiKey]
    test_key: Token
    test_key_id: uuid.UUID
    list_id: str
    uploaded_id: str
    reservation_id: str
    campaigns: dict[CampaignStatus, str]

    @classmethod
    async def of(cls, api: Api, world: World, gate: str) -> "Yard":
        """Whose plan is about used up, where that is the gate."""
        master = await world.account()
        figures = {"active_contacts": 100, "sends": 1000} | _PLANS.get(gate, {})
        await subscribe(world, master, await make_plan(world, **figures))
        account = await world.account(master)
        owner = await world.member(account, BuiltinRole.OWNER)
        sender = await give_sender(world, account)
        await set_setting(world, account, SettingName.SENDER_ADDRESS, sender)
        made = await done(
            api,
            "apiKeyCreate",
            owner,
            "secret apiKey { id }",
            accountId=account.id,
            name="Tests",
            roleId=present(Kind.ROLE, BuiltinRole.ADMINISTRATOR.id),
            isTest=True,
        )
        list_key = await give_list(world, account, "ann@example.com")
        template = await give_template(world, account, "Spring")
        drafts = {
            status: await give_campaign(
                world, account, status=status, list_ids=[list_key], template_key=template, sender=sender
            )
            for status in CampaignStatus
        }
        await send(api, owner, account, [mail("before", f"{_EARLIER}1@example.com")], stream="MARKETING")
        return cls(
            world=world,
            master=master,
            account=account,
            owner=owner,
            keys=(await world.api_key(account), await world.api_key(account)),
            test_key=Token(made["secret"]),
            test_key_id=required(Kind.API_KEY, made["apiKey"]["id"], "id"),
            list_id=contact_list_id(account, list_key),
            uploaded_id=await uploaded(api, owner, account, lines("ann")),
            reservation_id=await reserved(api, owner, account, f"{_EARLIER}2"),
            campaigns={status: campaign_id(key) for status, key in drafts.items()},
        )

    async def close(self, gate: str, now: datetime.datetime) -> None:
        """From now on the gate stops what is sent."""
        match gate:
            case "suspended" | "above suspended":
                stopped = self.account if gate == "suspended" else self.master
                await self.world.set_status(stopped, AccountStatus.SUSPENDED)
            case "cap of sends":
                await set_budget(self.world, self.account, cap=2)
            case "cap of credit":
                await give_credit(self.world, self.master, 100 * _PRICE)
                await set_budget(self.world, self.account, cap=0, currency=BudgetCurrency.CREDIT)
            case "paused by the account":
                await self._set_sources(customer_state=CustomerState.PAUSED.value, customer_since=now)
            case "paused by the platform":
                paused = {"platform_state": PlatformState.PAUSED.value, "platform_since": now}
                await self._set_sources(**paused, reason=StateReason.STAFF.value)
            case "trial":
                on_trial = {"platform_state": PlatformState.TRIAL.value, "platform_since": now}
                used = {"trial_hour_at": now, "trial_sends": TRIAL_SENDS}
                await self._set_sources(**on_trial, **used, reason=StateReason.BOUNCE_RATE.value)
            case "domain":
                await forget_domains(self.world, self.account)
            case "blocked":
                blocked = ["ann@example.com", f"{_EARLIER}1@example.com", _PHONE]
                await give_entries(self.world, self.account, blocked)

    async def _set_sources(self, **values: Any) -> None:
        for stream in SendStream:
            for key in (None, self.test_key_id, *(key.key for key in self.keys)):
                await give_source(self.world, self.account, stream, key, **values)

    def inputs(self, way: str) -> tuple[Caller, dict[str, Any]]:
        """Who sends, and what."""
        of_account = {"accountId": self.account.id, "stream": "MARKETING"}
        if way.startswith("sendReserve"):
            values = booking(self.account, "ann")
            if way.endswith("list"):
                del values["recipients"]
                uploaded_one = way.endswith("an uploaded list")
                values |= (
                    {"recipientListId": self.uploaded_id} if uploaded_one else {"contactListId": self.list_id}
                )
            return self._caller(way), values
        if way.startswith("messageSend"):
            later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
            message = mail(way, **({"sendAt": later.isoformat()} if way.endswith("later") else {}))
            if way.endswith("SMS"):
                message = {"idempotencyKey": way, "to": _PHONE, "text": "STOP ends", "from": "Verdant"}
            if way.endswith("other stream"):
                of_account["stream"] = "TRANSACTIONAL"
            return self._caller(way), of_account | {"messages": [message]}
        if way == "sendCommit":
            return self.owner, {"reservationId": self.reservation_id}
        status = {
            "campaignSend": CampaignStatus.DRAFT,
            "campaignApprove": CampaignStatus.AWAITING_APPROVAL,
            "campaignSchedule": CampaignStatus.FAILED,
            "campaignResume": CampaignStatus.PAUSED,
        }[way]
        version = {} if way == "campaignResume" else {"expectedVersion": 1}
        starts_at = {"startsAt": tomorrow()} if way == "campaignSchedule" else {}
        return self.owner, {"campaignId": self.campaigns[status], **version, **starts_at}

    def _caller(self, way: str) -> Caller:
        if way.endswith("tests"):
            return self.test_key
        return self.keys["second" in way] if way.endswith("key") else self.owner

    async def start(self, sessions: WriteSessions, review: ReviewPolicy) -> str:
        """What becomes of a campaign whose time has come: why it failed; DONE: it did not."""
        (key,) = [each for each in await self._rows() if each.status == CampaignStatus.SCHEDULED.value]
        async with self.world.database.begin() as connection:
            this = update(campaigns).where(campaigns.c.id == key.id)
            due = {"work_due_at": func.now(), "asked_by_user_id": self.owner.person.key}
            await connection.execute(this.values(**due, asked_from=self.account.key))
        await work_on(sessions, review, Job(CAMPAIGN_EXPANSION, MasterId(self.account.master), key.id))
        (row,) = [each for each in await self._rows() if each.id == key.id]
        assert (row.status == CampaignStatus.FAILED.value) == (row.failure_code is not None)
        assert row.status in (CampaignStatus.FAILED.value, CampaignStatus.SENDING.value)
        return row.failure_code or DONE

    async def _rows(self) -> list[Any]:
        async with self.world.database.connect() as connection:
            found = campaigns.select().where(campaigns.c.account_id == self.account.key)
            return list((await connection.execute(found)).all())

    async def hands_over(self, sessions: WriteSessions, review: ReviewPolicy) -> bool:
        """Whether a worker would hand the message over that was taken in before."""
        async with sessions.begin() as session:
            tree = MasterId(self.account.master)
            claimed = await claim_messages(session, tree, review, list(MessageChannel))
        messages = [] if claimed is None else claimed.messages
        return any(each.signing_key is not None for each in messages if _EARLIER in each.recipient)


@pytest.mark.parametrize("gate", dict.fromkeys((*one_in(3, GATES), "open")))
async def test_every_way_asks_the_gate(
    gate: str, api: Api, reviewing: Api, world: World, clock: Clock, sessions: WriteSessions
) -> None:
    """What is refused changes nothing."""
    yard = await Yard.of(api, world, gate)
    await yard.close(gate, await clock.now())
    strict = gate == "not reviewed"
    asked, review = (reviewing, ReviewPolicy.REQUIRED) if strict else (api, ReviewPolicy.OFF)
    assert await yard.hands_over(sessions, review) == (gate not in HANDING_OVER)
    refused = [way for way, row in WAYS.items() if row.expected(gate)]
    before = await world.state(yard.master)
    found = {way: await _send(asked, yard, way) for way in refused}
    assert found == {way: WAYS[way].expected(gate) for way in refused}
    assert await world.state(yard.master) == before
    assert await yard.start(sessions, review) == STARTING.expected(gate)
    found = {way: await _send(asked, yard, way) for way in WAYS if way not in refused}
    assert found == dict.fromkeys(found, DONE)


async def _send(api: Api, yard: Yard, way: str) -> str:
    """The code with which it is refused."""
    caller, values = yard.inputs(way)
    selection = "outcomes { error { code } }" if WAYS[way].mutation == "messageSend" else ""
    made = await attempt(api, WAYS[way].mutation, caller, selection, **values)
    errors = [each["error"]["code"] for each in made.payload.get("outcomes") or () if each["error"]]
    return made.code or next(iter(errors), DONE)


def test_every_mutation_that_needs_a_permission_to_send_is_in_the_table() -> None:
    sending = {name for name, row in matrix_fields.MUTATIONS.items() if "_SEND" in str(row.permission)}
    assert sending == {way.mutation for way in WAYS.values()} | NOT_SENDING.keys()


def test_every_kind_of_job_is_in_the_table() -> None:
    assert set(job_kinds()) == JOBS.keys()
