"""Templates: made, changed in versions, listed and deleted."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import insert, update

from models.base.ids import new_id
from models.templates.tables import TemplateChannel, template_versions, templates
from resolvers.templates.rendering.renderer import Renderer
from resolvers.templates.rendering.work import Fault, Rendered, Work
from tests.areas.effects.log import events_of
from tests.areas.templates.asking import ask_preview, content, create_template, refused
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.engine.paths import Path
from tests.world.templates import give_template, template_id
from tests.world.world import Account, Member, World

_SHOWN = "template { id name externalId channel version versions { nodes { number subject } } }"
_LIST = """query ($id: ID!, $channel: TemplateChannel, $prefix: String) { account(id: $id) {
  templates(channel: $channel, namePrefix: $prefix) { totalCount nodes { name } } } }"""


async def _names(api: Api, member: Member, account: Account, path: Path, **filters: str) -> list[str]:
    found = (await api.read(path.of(_LIST), member, id=account.id, **filters))["account"]["templates"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["name"] for node in found["nodes"]]


async def test_a_template_is_made_changed_and_deleted(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    """What changes makes a version, what does not makes none, and a version never changes."""
    parts = {"subject": "Hello", "text": "Hi\r\n{{ contact.email }}", "html": "<P>Hi"}
    values = {"accountId": account.id, "name": " Wel  come ", "channel": "EMAIL", "externalId": "7", **parts}
    made = (await done(api, "templateCreate", marketer, _SHOWN, **values))["template"]
    id_ = made.pop("id")
    first = {"number": 1, "subject": "Hello"}
    named = {"name": "Wel come", "externalId": "7", "channel": "EMAIL"}
    assert made == {**named, "version": 1, "versions": {"nodes": [first]}}
    change = {"templateId": id_, "text": None, "externalId": None, "name": "Welcome"}
    changed = (await done(api, "templateUpdate", marketer, _SHOWN, **change))["template"]
    assert changed["versions"]["nodes"] == [{"number": 2, "subject": "Hello"}, first]
    same = {"templateId": id_, "html": "<P>Hi", "subject": "Hello", "name": "Welcome"}
    assert (await done(api, "templateUpdate", marketer, _SHOWN, **same))["template"] == changed
    assert await content(api, marketer, id_) == {"version": 2, **parts, "text": None}
    assert await content(api, marketer, id_, 1) == {"version": 1, **parts}

    shown = "removedTemplateId account { id }"
    deleted = await done(api, "templateDelete", marketer, shown, templateId=id_)
    assert (deleted["removedTemplateId"], deleted["account"]["id"]) == (id_, account.id)
    key = await world.api_key(account)
    events = [event for event in await events_of(api, key, account.id) if "TEMPLATE" in event["type"]]
    assert {event["subjectId"] for event in events} == {id_}
    assert [(event["type"], event["before"], event["after"]) for event in events] == [
        ("TEMPLATE_DELETED", {"name": "Welcome", "externalId": None, "version": 2}, None),
        (
            "TEMPLATE_UPDATED",
            {"name": "Wel come", "externalId": "7", "version": 1},
            {"name": "Welcome", "externalId": None, "version": 2},
        ),
        ("TEMPLATE_CREATED", None, {**named, "version": 1}),
    ]


@pytest.mark.parametrize("path", Path)
async def test_templates_are_shown_by_name_and_filtered(
    api: Api, world: World, account: Account, marketer: Member, path: Path
) -> None:
    for name in ("Zebra", "äpple", "Apple", "pineapple"):
        await give_template(world, account, name)
    await give_template(world, account, "Apple 2", channel=TemplateChannel.SMS)
    assert await _names(api, marketer, account, path) == ["Apple", "äpple", "Apple 2", "pineapple", "Zebra"]
    assert await _names(api, marketer, account, path, prefix="ÄPP") == ["Apple", "äpple", "Apple 2"]
    assert await _names(api, marketer, account, path, prefix="APP", channel="SMS") == ["Apple 2"]
    assert await _names(api, marketer, account, path, prefix="%") == []


@pytest.mark.parametrize("path", Path)
async def test_a_deleted_template_is_gone_from_every_read_and_write(
    api: Api, account: Account, marketer: Member, path: Path
) -> None:
    """Its name and its external id are free."""
    id_ = await create_template(api, marketer, account, "Hello", text="Hi", externalId="7")
    await done(api, "templateDelete", marketer, templateId=id_)
    assert await _names(api, marketer, account, path) == []
    node = await api.read(path.of("query ($id: ID!) { node(id: $id) { id } }"), marketer, id=id_)
    assert node["node"] is None
    for mutation in ("templateUpdate", "templateDelete"):
        code, field, _ = await refused(api, mutation, marketer, templateId=id_)
        assert (code, field) == ("NOT_FOUND", "templateId")
    assert (await ask_preview(api, marketer, account, templateId=id_)).codes == ["NOT_FOUND"]
    await create_template(api, marketer, account, "Hello", text="Hi", externalId="7")


async def test_an_external_id_is_of_one_template(api: Api, account: Account, marketer: Member) -> None:
    await create_template(api, marketer, account, "First", text="Hi", externalId="7")
    second = await create_template(api, marketer, account, "Second", text="Hi")
    create = {"accountId": account.id, "name": "Third", "channel": "SMS", "text": "Hi", "externalId": "7"}
    for mutation, values in (
        ("templateCreate", create),
        ("templateUpdate", {"templateId": second, "externalId": "7"}),
    ):
        code, field, _ = await refused(api, mutation, marketer, **values)
        assert (code, field) == ("CONFLICT", "externalId")


_EMAIL = {"channel": "EMAIL", "subject": "Hello", "text": "Hi"}
_REFUSED_PARTS: dict[str, tuple[dict[str, Any], str]] = {
    "an SMS with a subject": ({"channel": "SMS", "subject": "Hello", "text": "Hi"}, "subject"),
    "an SMS with HTML": ({"channel": "SMS", "text": "Hi", "html": "<p>"}, "html"),
    "an SMS with a tab": ({"channel": "SMS", "text": "a\tb"}, "text"),
    "an SMS of eleven parts": ({"channel": "SMS", "text": "a" * 1_531}, "text"),
    "an SMS without a text": ({"channel": "SMS"}, "text"),
    "an e-mail without a subject": ({"channel": "EMAIL", "text": "Hi"}, "subject"),
    "an e-mail without a body": ({"channel": "EMAIL", "subject": "Hello"}, "text"),
    "an empty text": ({**_EMAIL, "text": " \n"}, "text"),
    "a subject of two lines": ({**_EMAIL, "subject": "Hello\r\nBcc: eve@example.com"}, "subject"),
    "a subject with a line separator": ({**_EMAIL, "subject": "Hello\u2028Bcc: eve"}, "subject"),
    "a long subject": ({**_EMAIL, "subject": "x" * 999}, "subject"),
    "a subject of 10,000 characters": ({**_EMAIL, "subject": "x" * 10_000}, "subject"),
    "a control character": ({**_EMAIL, "html": "a\x08b"}, "html"),
}


@pytest.mark.parametrize(("parts", "field"), _REFUSED_PARTS.values(), ids=_REFUSED_PARTS)
async def test_parts_that_are_refused(
    api: Api, world: World, account: Account, marketer: Member, parts: dict[str, Any], field: str
) -> None:
    before = await world.state(account)
    values = {"accountId": account.id, "name": "Hello", **parts}
    code, named, _ = await refused(api, "templateCreate", marketer, **values)
    assert (code, named) == ("BAD_USER_INPUT", field)
    assert await world.state(account) == before


async def test_texts_up_to_half_a_million_characters(api: Api, account: Account, marketer: Member) -> None:
    """One more is refused before anything reads it, as NUL is."""
    long = "é" + "x" * 499_999
    id_ = await create_template(api, marketer, account, "Long", subject="Long", html=long)
    assert (await content(api, marketer, id_))["html"] == long
    for wrong in (f"{long}x", "a\x00b"):
        assert await code_of(api, "templateUpdate", marketer, templateId=id_, html=wrong) == "BAD_USER_INPUT"
    assert await code_of(api, "templateUpdate", marketer, templateId=id_, subject="x" * 20_000)
    assert (await content(api, marketer, id_))["version"] == 1


_UNREADABLE = {
    "a tag that is not closed": ("Hi\n{% if contact.email %}", "Line 2: "),
    "an unknown tag": ("Hi\n\n{% exec 'ls' %}", "Line 3: unexpected tag 'exec'."),
    "an include": ("{% include 'signature' %}", "Line 1: unexpected tag 'include'."),
    "an unknown filter": ("{% if false %}\n{{ a | eval }}{% endif %}", "Line 2: unknown filter 'eval'."),
    "a filter that would let HTML in": ("{{ contact.email | safe }}", "Line 1: unknown filter 'safe'."),
    "an open output": ("Hi {{ contact.email", "Line 1: expected '}}', found end of file."),
    "too many blocks": ("{% if a %}" * 40 + "{% endif %}" * 40, "Line 1: block nesting limit reached."),
}


@pytest.mark.parametrize(("text", "message"), _UNREADABLE.values(), ids=_UNREADABLE)
async def test_what_liquid_cannot_read_is_refused_with_the_line(
    api: Api, account: Account, marketer: Member, text: str, message: str
) -> None:
    id_ = await create_template(api, marketer, account, "Hello", subject="Hello", text="Hi")
    for field in ("subject", "text", "html"):
        source = text.replace("\n", " ") if field == "subject" else text
        code, named, told = await refused(api, "templateUpdate", marketer, templateId=id_, **{field: source})
        assert (code, named) == ("BAD_USER_INPUT", field)
        assert told.startswith(message if field != "subject" else "Line 1: ")
    assert (await content(api, marketer, id_))["version"] == 1


async def test_a_thousand_templates_of_a_thousand_versions(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    place = {"master_id": account.master, "account_id": account.key}
    rows = [
        place | {"id": new_id(), "name": f"Template {number}", "channel": "SMS", "version": 1}
        for number in range(999)
    ]
    async with world.database.begin() as connection:
        await connection.execute(insert(templates), rows)
    last = await give_template(world, account, "The thousandth", channel=TemplateChannel.SMS)
    values = {"accountId": account.id, "name": "One more", "channel": "SMS", "text": "Hi"}
    assert (await refused(api, "templateCreate", marketer, **values))[:2] == ("FAILED_PRECONDITION", "name")
    async with world.database.begin() as connection:
        newest = place | {"id": new_id(), "template_id": last, "number": 1_000, "text": "Hi"}
        await connection.execute(insert(template_versions).values(newest))
        await connection.execute(update(templates).where(templates.c.id == last).values(version=1_000))
    changed = {"templateId": template_id(account, last), "text": "Another"}
    found = await refused(api, "templateUpdate", marketer, **changed)
    assert found[:2] == ("FAILED_PRECONDITION", "templateId")


async def test_of_two_updates_at_once_one_is_done(api: Api, account: Account, marketer: Member) -> None:
    """The other one is told which version there is now."""
    id_ = await create_template(api, marketer, account, "Hello", text="Hi")
    same = {"templateId": id_, "expectedVersion": 1}
    found = await asyncio.gather(
        *(attempt(api, "templateUpdate", marketer, **same, text=f"Text {number}") for number in range(4))
    )
    assert sorted(each.code for each in found) == ["", *["CONFLICT"] * 3]
    conflicts = [each.user_error for each in found if each.code]
    assert [error and error["currentVersion"] for error in conflicts] == [2] * 3
    (winner,) = [number for number, each in enumerate(found) if each.done]
    assert await content(api, marketer, id_) == {
        "version": 2,
        "subject": None,
        "text": f"Text {winner}",
        "html": None,
    }


async def test_what_waits_for_the_renderer_holds_no_lock(
    api: Api, account: Account, marketer: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may wait for other accounts' work: meanwhile its own account is written to."""
    id_ = await create_template(api, marketer, account, "Hello", text="Hi")
    render, reached, released = Renderer.do, asyncio.Event(), asyncio.Event()

    async def late(self: Renderer, work: Work) -> Rendered | Fault:
        reached.set()
        await released.wait()
        return await render(self, work)

    monkeypatch.setattr(Renderer, "do", late)
    changed = {"templateId": id_, "expectedVersion": 1, "text": "Hello"}
    for waiting in (
        create_template(api, marketer, account, "News", text="News"),
        done(api, "templateUpdate", marketer, **changed),
    ):
        reached.clear()
        released.clear()
        task = asyncio.create_task(waiting)
        await reached.wait()
        name = str(new_id())
        await done(api, "contactListCreate", marketer, accountId=account.id, name=name)
        assert not task.done()
        released.set()
        await task
