"""What is asked once more before a message goes out, and how it goes."""

import re
from email.message import EmailMessage

import dkim
from sqlalchemy import update

from models.accounts.tables import AccountStatus
from models.base.ids import Kind, parse_in_account
from models.domains.tables import DomainKind, DomainStatus, domains
from models.staff.overrides import OverrideKind
from resolvers.review.policy import ReviewPolicy
from resolvers.templates.tracking_links import LinkUse
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site
from tests.client.api import Api
from tests.server.tracking.conftest import SIGNERS
from tests.world.block_list import give_entries
from tests.world.domains import give_domain, new_name, public_key_of_all
from tests.world.messages import give_message, give_queue, mail, send
from tests.world.staff import set_override
from tests.world.suppressions import give_unsubscribe
from tests.world.templates import give_template, template_id
from tests.world.world import World


async def test_mail_is_signed_by_its_domain(api: Api, shop: Shop, site: Site) -> None:
    await send(api, shop.owner, shop.account, [mail("1", html="<p>Hello!</p>")])
    await site.work(shop)
    (signed,) = site.mailbox.as_sent
    domain = shop.sender.rpartition("@")[2]
    published = b"v=DKIM1; k=rsa; p=" + (await public_key_of_all()).encode()

    def look_up(name: bytes, timeout: int = 5) -> bytes:
        assert name.decode().endswith(f"._domainkey.{domain}.")
        return published

    assert dkim.verify(signed, dnsfunc=look_up)
    assert not dkim.verify(signed.replace(b"Hello!", b"Hallo!"), dnsfunc=look_up)


async def test_whoever_is_excluded_meanwhile_gets_nothing(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    """The send stays counted and paid, as that of a canceled message does."""
    given = [mail("1", "ann@example.com"), mail("2", "ben@example.com"), mail("3", "cara@example.com")]
    await send(api, shop.owner, shop.account, given, stream="MARKETING")
    await give_entries(world, shop.master, ["ann@example.com"])
    await give_unsubscribe(world, shop.account, "ben@example.com")
    await site.work(shop)
    assert site.mailbox.recipients == ["cara@example.com"]
    found = await site.statuses(shop)
    assert found["ann@example.com"] == ("EXCLUDED", "The recipient is on a block list. (BLOCK_LIST)")
    assert found["ben@example.com"] == ("EXCLUDED", "The recipient has unsubscribed. (UNSUBSCRIBE)")
    assert await site.queued(shop) == 0


async def test_a_closed_account_sends_nothing_more(api: Api, shop: Shop, world: World, site: Site) -> None:
    await send(api, shop.owner, shop.account, [mail("1")])
    await world.set_status(shop.account, AccountStatus.CLOSED)
    await site.work(shop)
    assert await site.statuses(shop) == {"ann@example.com": ("CANCELED", "The account was closed.")}
    assert (site.mailbox.taken, await site.queued(shop)) == ([], 0)


async def test_an_account_whose_approval_was_revoked_waits(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    await send(api, shop.owner, shop.account, [mail("1")])
    await site.work(shop, review=ReviewPolicy.REQUIRED)
    assert await site.statuses(shop) == {"ann@example.com": ("WAITING", None)}
    await site.let_pass(shop, minutes=11)
    maker, approver = await world.person(), await world.person()
    await set_override(world, shop.account, OverrideKind.REVIEW_APPROVED, maker, approver=approver)
    await site.work(shop, review=ReviewPolicy.REQUIRED)
    assert site.mailbox.recipients == ["ann@example.com"]


async def test_mail_from_a_domain_that_broke_waits_and_counts_no_try(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    await send(api, shop.owner, shop.account, [mail("1")])
    async with world.database.begin() as connection:
        own = domains.c.account_id == shop.account.key
        broken = {"status": DomainStatus.BROKEN.value, "claim_id": None}
        await connection.execute(update(domains).where(own).values(broken))
    await site.work(shop)
    answer = "The domain that it comes from is not verified."
    assert await site.statuses(shop) == {"ann@example.com": ("WAITING", answer)}
    assert await site.attempts(shop) == [0]


async def test_a_domain_that_rests_costs_messages_no_try(api: Api, shop: Shop, site: Site) -> None:
    site.mailbox.answer = lambda _: "451 Later"
    given = [mail(str(number), f"a{number}@example.com") for number in range(5)]
    await send(api, shop.owner, shop.account, given)
    await site.work(shop, by_domain=1)
    assert sorted(await site.attempts(shop)) == [0, 0, 0, 0, 1]


async def test_a_worker_that_dies_leaves_ten_in_doubt(api: Api, shop: Shop, site: Site) -> None:
    given = [mail(str(number), f"a{number % 10}@example.com") for number in range(12)]
    await send(api, shop.owner, shop.account, given)
    assert len((await site.claim(shop)).messages) == 10


async def test_a_message_of_a_test_is_handed_over_to_nobody(shop: Shop, world: World, site: Site) -> None:
    await give_message(world, shop.account, sender=shop.sender, is_test=True)
    await give_queue(world, shop.account)
    await site.work(shop)
    answer = "A test: it was handed over to nobody."
    assert (await site.statuses(shop), site.mailbox.taken) == ({"ann@example.com": ("SENT", answer)}, [])


def _part(content: EmailMessage, kind: str) -> str:
    part = content.get_body((kind,))
    assert part is not None
    return str(part.get_content())


_HTML = '<p><a href="https://shop.example/spring">Spring</a></p>'


async def test_marketing_leads_through_our_links_and_can_be_left_in_one_click(
    api: Api, shop: Shop, site: Site
) -> None:
    await send(api, shop.owner, shop.account, [mail("1", html=_HTML)], stream="MARKETING")
    await site.work(shop)
    ((_, content),) = site.mailbox.taken
    html = _part(content, "html")
    (clicked,) = re.findall(r'href="http://mandant.test/c/([^"]+)"', html)
    link = SIGNERS.links.read(clicked)
    assert link is not None
    assert link.click is not None
    assert (link.account_id, link.click.url) == (shop.account.key, "https://shop.example/spring")
    assert "http://mandant.test/o/" in html
    left = SIGNERS.links.read(content["List-Unsubscribe"].strip("<>").rpartition("/")[2])
    assert left is not None
    assert (left.use, left.message_id) == (LinkUse.UNSUBSCRIBE, link.message_id)
    assert content["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "list-unsubscribe-post" in content["DKIM-Signature"]


async def test_links_of_transactional_mail_stay_as_they_are(api: Api, shop: Shop, site: Site) -> None:
    await send(api, shop.owner, shop.account, [mail("1", html=_HTML)])
    await site.work(shop)
    ((_, content),) = site.mailbox.taken
    assert _part(content, "html").strip() == _HTML
    assert content["List-Unsubscribe"] is None


async def test_the_links_lead_through_the_accounts_tracking_domain(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    name = new_name("track")
    await give_domain(world, shop.account, name, DomainKind.TRACKING, verified=True)
    await send(api, shop.owner, shop.account, [mail("1", html=_HTML)], stream="MARKETING")
    await site.work(shop)
    ((_, content),) = site.mailbox.taken
    assert f'href="http://{name}/c/' in _part(content, "html")


async def test_what_comes_back_names_its_message(api: Api, shop: Shop, site: Site) -> None:
    (outcome,) = await send(api, shop.owner, shop.account, [mail("1")])
    await site.work(shop)
    (return_path,) = site.mailbox.return_paths
    reference = SIGNERS.references.read(return_path)
    assert reference is not None
    named = parse_in_account(Kind.TRANSACTIONAL_MESSAGE, outcome["message"]["id"])
    assert named is not None
    assert (reference.account_id, reference.message_id) == (named.account_id, named.id)
    assert return_path.endswith(f"@bounce.{shop.sender.rpartition('@')[2]}")
    assert SIGNERS.references.read(site.mailbox.taken[0][1]["Message-ID"].strip("<>")) == reference


async def test_a_template_of_a_campaign_can_show_how_to_leave(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    made = await give_template(world, shop.account, "Own", text="Leave: {{ message.unsubscribeUrl }}")
    given = {"idempotencyKey": "1", "to": "a@example.com", "templateId": template_id(shop.account, made)}
    await send(api, shop.owner, shop.account, [given], stream="MARKETING")
    await site.work(shop)
    ((_, content),) = site.mailbox.taken
    url = content["List-Unsubscribe"].strip("<>")
    assert f"Leave: {url}" in _part(content, "plain")
