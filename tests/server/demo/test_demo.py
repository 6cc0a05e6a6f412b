"""The demo's accounts and people."""

import datetime
from decimal import Decimal

from authz.policy.builtin_roles import BuiltinRole
from schema.fields.deployment import Deployment
from server.demo.deployment import with_demo_settings
from server.demo.making import make_demo
from server.demo.story import AGENCY, BRAND, DemoPerson
from server.demo.year import MONTHS
from server.embedded_postgres import DatabaseAddresses
from server.settings.invoice_issuer import invoice_issuer
from server.settings.payments import NoPayments, PaymentProviderName
from server.settings.settings import Settings
from server.start.app import create_app
from tests.client.api import Api
from tests.server.demo.demo_database import (
    DEPLOYMENT,
    LINK_BASE,
    DemoDatabase,
    account_names,
    open_demo_database,
)


async def test_the_agency_has_six_clients_one_of_them_below_another(demo: DemoDatabase) -> None:
    query = "{ viewer { accounts { nodes { name kind status externalId parent { name } } } } }"
    answer = await demo.api.read(query, await demo.sign_in(AGENCY.owner.email))
    accounts = {node.pop("name"): node for node in answer["viewer"]["accounts"]["nodes"]}
    above = {name: account["parent"]["name"] for name, account in accounts.items() if account["parent"]}
    assert above == {
        "Harbour Hotel": "Northlight Agency",
        "Harbour Hotel Spa": "Harbour Hotel",
        "Riverside Books": "Northlight Agency",
        "Café Lumière": "Northlight Agency",
        "Okafor Dental Care": "Northlight Agency",
        "Alpine Cycling": "Northlight Agency",
    }
    assert accounts["Northlight Agency"]["kind"] == "MASTER"
    assert accounts["Harbour Hotel"]["externalId"] == "C-1001"
    suspended = [name for name, account in accounts.items() if account["status"] == "SUSPENDED"]
    assert suspended == ["Alpine Cycling"]


async def test_the_brand_passes_its_roles_down_to_its_teams(demo: DemoDatabase) -> None:
    """R66, R73."""
    everything = ["Verdant Foods", "Marketing US", "Marketing UK", "Transactional"]
    assert await account_names(demo, BRAND.owner) == everything
    assert await account_names(demo, DemoPerson("Olga Ivanova")) == everything


async def test_the_agency_has_a_person_in_every_built_in_role(demo: DemoDatabase) -> None:
    query = (
        "{ viewer { accounts(first: 1) { nodes { members { nodes { role { name } user { email } } } } } } }"
    )
    answer = await demo.api.read(query, await demo.sign_in(AGENCY.owner.email))
    members = answer["viewer"]["accounts"]["nodes"][0]["members"]["nodes"]
    assert [member["role"]["name"] for member in members] == [role.name for role in BuiltinRole]
    assert all(member["user"]["email"].endswith("@example.com") for member in members)
    # Below the agency only its owner and its administrator see anything.
    for member in AGENCY.people[2:]:
        assert await account_names(demo, member.person) == ["Northlight Agency"]


async def test_a_freelancer_works_in_two_trees(demo: DemoDatabase) -> None:
    """R50, R52."""
    assert await account_names(demo, DemoPerson("Lena Fischer")) == ["Riverside Books", "Marketing UK"]


async def test_a_guest_works_for_two_teams_without_their_contacts(demo: DemoDatabase) -> None:
    """R21, R31, R33: beside the master account of her own."""
    rosa = DemoPerson("Rosa Lindqvist")
    query = """{ viewer { accounts { nodes { name parent { name } viewerCan(permission: CONTACTS_READ) } }
      shares { nodes { sharedByName role { name } hiddenAreas accounts { name } } } } }"""
    viewer = (await demo.api.read(query, await demo.sign_in(rosa.email)))["viewer"]
    teams = ["Marketing US", "Marketing UK"]
    assert {node["name"]: (node["parent"], node["viewerCan"]) for node in viewer["accounts"]["nodes"]} == {
        **dict.fromkeys(teams, (None, False)),
        "Lindqvist Studio": (None, True),
    }
    (share,) = viewer["shares"]["nodes"]
    assert share == {
        "sharedByName": "Maria Santos",
        "role": {"name": "MARKETER"},
        "hiddenAreas": ["CONTACTS"],
        "accounts": [{"name": name} for name in teams],
    }


async def test_clients_have_owners_of_their_own_who_see_nothing_above(demo: DemoDatabase) -> None:
    """R46, R53."""
    assert await account_names(demo, DemoPerson("Grace Miller")) == ["Harbour Hotel", "Harbour Hotel Spa"]
    assert await account_names(demo, DemoPerson("Hiro Tanaka")) == ["Riverside Books"]


async def test_one_invitation_is_open_and_its_link_is_in_the_outbox(demo: DemoDatabase) -> None:
    query = (
        '{ viewer { accounts(search: "Lumière") { nodes { '
        "invitations(status: PENDING) { nodes { email role { name } } } } } } }"
    )
    answer = await demo.api.read(query, await demo.sign_in(AGENCY.owner.email))
    (account,) = answer["viewer"]["accounts"]["nodes"]
    assert account["invitations"]["nodes"] == [
        {"email": "jonas.weber@example.com", "role": {"name": "OWNER"}}
    ]
    # Those who have signed in in other tests were told of it.
    waiting = await demo.rows(
        "SELECT recipient, body FROM outbox_messages WHERE sent_at IS NULL "
        "AND subject NOT LIKE '%new client' AND subject NOT LIKE '%webhook%'"
    )
    ((recipient, body),) = waiting
    assert recipient == "jonas.weber@example.com"
    assert f"\n{LINK_BASE}/invitation#mdi_" in body
    # What was accepted is not sent any more, and its secret is forgotten.
    assert (
        await demo.rows("SELECT 1 FROM outbox_messages WHERE sent_at IS NOT NULL AND body IS NOT NULL") == []
    )


async def test_every_account_has_a_key_and_a_log(demo: DemoDatabase) -> None:
    """R2, R6, N17."""
    keyless = (
        "SELECT name FROM accounts a WHERE NOT EXISTS (SELECT FROM api_keys k WHERE k.account_id = a.id)"
    )
    assert await demo.rows(keyless) == []
    unlogged = (
        "SELECT name FROM accounts a WHERE NOT EXISTS "
        "(SELECT FROM events e WHERE e.account_id = a.id AND e.type = 'account.created')"
    )
    assert await demo.rows(unlogged) == []
    reason = "SELECT reason FROM events WHERE type = 'account.suspended'"
    assert await demo.rows(reason) == [("Two invoices are unpaid.",)]


async def test_the_agency_nears_the_limit_of_its_plan(demo: DemoDatabase) -> None:
    """R58, R95: its hotel and the hotel's spa share their guests, who count once."""
    query = """{ viewer { accounts(first: 1) { nodes { subscription { plan { code } timeZone } usage {
      sent activeContacts { used limit } sends { used limit } warnings actions
      accounts { nodes { account { name sendBudget { cap } } sends } } } } } } }"""
    answer = await demo.api.read(query, await demo.sign_in(AGENCY.owner.email))
    (agency,) = answer["viewer"]["accounts"]["nodes"]
    assert agency["subscription"] == {"plan": {"code": "STARTER"}, "timeZone": "Europe/Berlin"}
    assert agency["usage"] == {
        "sent": 2750,
        "activeContacts": {"used": 2100, "limit": 2500},
        "sends": {"used": 2750, "limit": 25_000},
        "warnings": ["CONTACTS_NEAR_LIMIT"],
        "actions": ["LIMIT_INCREASE", "PLAN_CHANGE"],
        "accounts": {
            "nodes": [
                {"account": {"name": "Harbour Hotel", "sendBudget": None}, "sends": 1200},
                {"account": {"name": "Riverside Books", "sendBudget": {"cap": 5000}}, "sends": 1100},
                {"account": {"name": "Harbour Hotel Spa", "sendBudget": None}, "sends": 450},
            ]
        },
    }


async def test_the_agency_has_a_year_behind_it(demo: DemoDatabase) -> None:
    """Twelve cycles that ended, each of which was invoiced within a day of its end; and now it is now."""
    query = """{ viewer { accounts(first: 1) { nodes {
      usage { startsAt } usageHistory(first: 20) { nodes { startsAt endsAt sends { used } } }
      invoices(first: 20) { nodes { number startsAt endsAt issuedAt total } } } } } }"""
    answer = await demo.api.read(query, await demo.sign_in(AGENCY.owner.email))
    (agency,) = answer["viewer"]["accounts"]["nodes"]
    cycles, invoices = agency["usageHistory"]["nodes"], agency["invoices"]["nodes"]
    assert len(cycles) == len(invoices) == MONTHS
    assert [(each["startsAt"], each["endsAt"]) for each in cycles] == [
        (each["startsAt"], each["endsAt"]) for each in invoices
    ]
    assert cycles[0]["endsAt"] == agency["usage"]["startsAt"]
    sent = [each["sends"]["used"] for each in cycles]
    assert sent == sorted(sent, reverse=True)
    assert sent[-1] > 0
    for invoice in invoices:
        late = parsed(invoice["issuedAt"]) - parsed(invoice["endsAt"])
        assert datetime.timedelta(0) < late < datetime.timedelta(days=1)
    assert await demo.rows("SELECT ahead FROM clock") == []
    began = datetime.datetime.now(datetime.UTC) - parsed(agency["usage"]["startsAt"])
    assert datetime.timedelta(days=8) < began < datetime.timedelta(days=11)


def parsed(moment: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(moment)


async def test_credit_can_be_bought_with_the_agencys_card(
    demo: DemoDatabase, addresses: DatabaseAddresses, settings: Settings
) -> None:
    """With what the demo is served with: payments that move no money."""
    owner = await demo.sign_in(AGENCY.owner.email)
    query = "{ viewer { accounts(first: 1) { nodes { id paymentMethods { nodes { id label } } } } } }"
    (agency,) = (await demo.api.read(query, owner))["viewer"]["accounts"]["nodes"]
    (card,) = agency["paymentMethods"]["nodes"]
    app = create_app(with_demo_settings(settings), demo.url)
    async with Api.of(app) as api, app.router.lifespan_context(app):
        payload = await api.change(
            "creditTopUp",
            owner,
            "topUp { status }",
            accountId=agency["id"],
            paymentMethodId=card["id"],
            amount="5000000",
            idempotencyKey="five",
        )
    assert payload["userErrors"] == []
    assert payload["topUp"] == {"status": "SETTLED"}


def test_what_an_operator_set_stays(settings: Settings) -> None:
    """The demo sets payments and an issuer only where there are none."""
    demo = with_demo_settings(settings)
    assert demo.payment_provider is PaymentProviderName.PRACTICE
    assert invoice_issuer(demo) is not None
    assert demo.issuer is not None
    somebody = demo.issuer.model_copy(update={"name": "Somebody"})
    own = settings.model_copy(update={"issuer": somebody, "tax_rate": Decimal(7)})
    assert with_demo_settings(own).issuer == somebody
    assert with_demo_settings(own).tax_rate == 7


async def test_the_hotel_has_rules_of_its_own(demo: DemoDatabase) -> None:
    """R75-R83: settings, a block list, an unsubscribe, a bounce, and a domain that waits for its records."""
    hotel = await demo.sign_in("grace.miller@example.com")
    query = """{ viewer { accounts { nodes { id name
      settings { senderName { value origin } language { value } quietHours { value { start end } } }
      unsubscribes { nodes { contact { email } } } bounces { nodes { contact { email } excludedBy } }
      domains { nodes { name status records { purpose } } } } } } }"""
    own, spa = (await demo.api.read(query, hotel))["viewer"]["accounts"]["nodes"]
    ids, names = [each.pop("id") for each in (own, spa)], [each.pop("name") for each in (own, spa)]
    assert names == ["Harbour Hotel", "Harbour Hotel Spa"]
    settings = {"language": {"value": "en-GB"}, "quietHours": {"value": {"start": "21:00", "end": "08:00"}}}
    assert own["settings"] == settings | {"senderName": {"value": "Harbour Hotel", "origin": "OWN"}}
    assert spa["settings"] == settings | {"senderName": {"value": "Harbour Hotel", "origin": "INHERITED"}}
    assert own["unsubscribes"]["nodes"] == [{"contact": {"email": "reader7@example.com"}}]
    assert own["bounces"]["nodes"] == [{"contact": {"email": "reader9@example.com"}, "excludedBy": "HARD"}]
    (domain,) = own["domains"]["nodes"]
    assert (domain["name"], domain["status"]) == ("news.harbour-hotel.example.com", "PENDING")
    assert len(domain["records"]) == 5
    assert [spa[name]["nodes"] for name in ("unsubscribes", "bounces", "domains")] == [[], [], []]
    blocks = """query ($id: ID!) { blockList(accountId: $id, includeInherited: true) {
      nodes { address reason isInherited } } }"""
    for id_, inherited in zip(ids, (False, True), strict=True):
        nodes = (await demo.api.read(blocks, hotel, id=id_))["blockList"]["nodes"]
        found = {each["address"]: (each["reason"], each["isInherited"]) for each in nodes}
        assert found == {
            "press@example.org": ("MANUAL", inherited),
            "reader12@example.com": ("COMPLAINT", inherited),
            # The agency's, whose address the hotel is not shown.
            None: ("MANUAL", True),
        }


async def test_the_agency_has_contacts_and_rules_that_its_clients_inherit(demo: DemoDatabase) -> None:
    """R75-R79, R83: of its contacts, unsubscribes and bounces nothing passes down."""
    query = """{ viewer { accounts(orderBy: NAME, first: 7) { nodes { name
      settings { language { value inheritedFrom { name } } } contactLists { nodes { name } }
      contacts { totalCount } unsubscribes { nodes { contact { email } } }
      bounces { nodes { contact { email } } } } } } }"""
    nodes = (await demo.api.read(query, await demo.sign_in(AGENCY.owner.email)))["viewer"]["accounts"][
        "nodes"
    ]
    accounts = {node.pop("name"): node for node in nodes}
    assert accounts["Northlight Agency"] == {
        "settings": {"language": {"value": "de", "inheritedFrom": None}},
        "contactLists": {"nodes": [{"name": "Newsletter"}, {"name": "Offers"}]},
        "contacts": {"totalCount": 24},
        "unsubscribes": {"nodes": [{"contact": {"email": "reader3007@example.com"}}]},
        "bounces": {"nodes": [{"contact": {"email": "reader3009@example.com"}}]},
    }
    assert accounts["Okafor Dental Care"] == {
        "settings": {"language": {"value": "de", "inheritedFrom": {"name": "Northlight Agency"}}},
        "contactLists": {"nodes": []},
        "contacts": {"totalCount": 0},
        "unsubscribes": {"nodes": []},
        "bounces": {"nodes": []},
    }


async def test_the_agency_has_a_webhook_that_took_events_until_it_was_gone(demo: DemoDatabase) -> None:
    """Its tries are shown, its managers were written to, and nothing is left to be sent."""
    query = """{ viewer { accounts(first: 1) { nodes { webhooks { nodes {
      url types status pauseReason apiKey { name }
      deliveries(first: 10) { nodes {
        status nextTryAt event { type } tries { statusCode problem milliseconds } } } } } } } } }"""
    answer = await demo.api.read(query, await demo.sign_in(AGENCY.owner.email))
    (webhook,) = answer["viewer"]["accounts"]["nodes"][0]["webhooks"]["nodes"]
    deliveries = webhook.pop("deliveries")["nodes"]
    assert webhook == {
        "url": "https://hooks.northlight.example.com/mandant",
        "types": ["MEMBER_INVITED", "MEMBER_JOINED"],
        "status": "PAUSED",
        "pauseReason": "GONE",
        "apiKey": {"name": "Webhooks"},
    }
    gone, *taken = deliveries
    assert gone["tries"] == [{"statusCode": 410, "problem": "REFUSED", "milliseconds": 21}]
    assert gone["status"] == "PENDING"
    assert [each["status"] for each in taken] == ["DELIVERED"] * 3
    assert [each["tries"][0]["statusCode"] for each in taken] == [204] * 3
    assert {each["event"]["type"] for each in deliveries} <= {"MEMBER_INVITED", "MEMBER_JOINED"}
    told = await demo.rows("SELECT recipient FROM outbox_messages WHERE subject LIKE '%webhook%'")
    managers = [AGENCY.people[0], AGENCY.people[1], AGENCY.people[2]]
    assert sorted(told) == [(member.person.email,) for member in managers]
    assert await demo.rows("SELECT 1 FROM mandant_take_webhooks(gen_random_uuid(), 9, 9, false)") == []


async def test_the_hotel_waits_for_a_review(demo: DemoDatabase) -> None:
    """R85: the staff find it among those that wait, with a sample."""
    query = "{ viewer { accounts { nodes { name reviewApproved review { status contacts } } } } }"
    answer = await demo.api.read(query, await demo.sign_in("grace.miller@example.com"))
    assert answer["viewer"]["accounts"]["nodes"] == [
        {"name": "Harbour Hotel", "reviewApproved": False, "review": {"status": "OPEN", "contacts": 24}},
        {"name": "Harbour Hotel Spa", "reviewApproved": False, "review": None},
    ]


async def test_without_a_key_for_contacts_nothing_was_sent(
    addresses: DatabaseAddresses, settings: Settings
) -> None:
    """Nor is there anything that needs secrets, without those."""
    without = Deployment(public_url=LINK_BASE, payments=NoPayments())
    async with open_demo_database(addresses, settings) as database:
        assert await make_demo(database.engine, without)
        counts = await database.counts()
        assert (counts["subscriptions"], counts["budgets"], counts["send_reservations"]) == (2, 2, 0)
        left_out = [
            counts[table] for table in ("contacts", "domains", "block_entries", "unsubscribes", "webhooks")
        ]
        assert (left_out, counts["settings"], counts["reviews"]) == ([0] * 5, 6, 0)


async def test_making_it_again_makes_nothing(demo: DemoDatabase) -> None:
    before = await demo.counts()
    assert before["accounts"] == 13
    assert not await make_demo(demo.engine, DEPLOYMENT)
    assert await demo.counts() == before
