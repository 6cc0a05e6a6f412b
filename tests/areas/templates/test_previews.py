"""Previews: what a contact would get."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import new_id
from models.settings.tables import SettingName
from models.staff.overrides import OverrideKind
from tests.areas.contacts.asking import create_attribute, upserted
from tests.areas.templates.asking import ask_preview, create_template, preview, rendered
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.contacts import contact_id, give_contact
from tests.world.settings import set_function, set_setting
from tests.world.staff import set_override, staff_member
from tests.world.templates import give_template, template_id
from tests.world.world import Account, Member, World


async def test_a_contact_gets_its_own_values(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    """Those of the account's settings too, wherever they come from."""
    above = Account(account.path[-1], account.master, "Above", account.path[:-1])
    await set_setting(world, above, SettingName.SENDER_NAME, "Harbour & Co")
    for name, kind in (("first name", "TEXT"), ("points", "NUMBER")):
        await create_attribute(api, marketer, account, name, kind)
    values = {"first name": "<b>Ada</b>", "points": 3}
    contact = {"email": "Ada@example.com", "externalId": "7", "attributes": values}
    (id_,) = await upserted(api, marketer, account, contact)
    text = (
        "{{ contact.attributes['first name'] }} {{ contact.attributes.points | times: 2 }} "
        "{{ contact.email }} {{ contact.externalId }} {{ account.senderName }} {{ account.language }}"
    )
    parts = {"subject": "For {{ contact.attributes['first name'] }}", "text": text, "html": f"<p>{text}</p>"}
    template = await create_template(api, marketer, account, "Hello", **parts)
    found = await preview(api, marketer, account, templateId=template, contactId=id_)
    rest = "6 Ada@example.com 7 Harbour"
    assert found == {
        "subject": "For <b>Ada</b>",
        "text": f"<b>Ada</b> {rest} & Co en",
        "html": f"<p>&lt;b&gt;Ada&lt;/b&gt; {rest} &amp; Co en</p>",
        "warnings": [],
        "sms": None,
    }


async def test_what_is_missing_is_empty_and_told(api: Api, account: Account, marketer: Member) -> None:
    """Once for each part. A test for it, and a default, are no use of it."""
    text = "[{{ contact.attributes.city }}{{ contact.attributes.city | upcase }}{{ a['b c'][0].d }}]"
    text += "{% if contact.phone %}{% endif %}{{ contact.phone | default: 'none' }}{% render 'gone' %}"
    parts = {"channel": "EMAIL", "subject": "{{ nobody }}!", "text": text}
    found = await preview(api, marketer, account, parts=parts)
    assert (found["subject"], found["text"], found["html"]) == ("!", "[]none", None)
    assert [(each["part"], each["kind"], each["name"]) for each in found["warnings"]] == [
        ("SUBJECT", "MISSING_VARIABLE", "nobody"),
        ("TEXT", "MISSING_VARIABLE", "contact.attributes.city"),
        ("TEXT", "MISSING_VARIABLE", "a['b c'][0].d"),
        ("TEXT", "MISSING_FUNCTION", "gone"),
    ]


async def test_an_older_version_is_shown_as_it_was(api: Api, account: Account, marketer: Member) -> None:
    id_ = await create_template(api, marketer, account, "Hello", text="Old")
    await done(api, "templateUpdate", marketer, templateId=id_, text="New")
    shown = [await preview(api, marketer, account, templateId=id_, version=number) for number in (1, 2)]
    assert [each["text"] for each in shown] == ["Old", "New"]
    assert (await ask_preview(api, marketer, account, templateId=id_, version=3)).codes == ["NOT_FOUND"]


async def test_field_functions_are_inherited_replaced_and_cut_off(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    """They see the variables, and render each other."""
    above = Account(account.path[-1], account.master, "Above", account.path[:-1])
    await set_function(world, above, "greeting", "Dear {{ contact.email }}{% render 'end' %}")
    await set_function(world, above, "end", ", ")
    contact = contact_id(account, await give_contact(world, account, "ada@example.com"))
    text = "{% render 'greeting' %}hello"
    assert await rendered(api, marketer, account, text, contactId=contact) == "Dear ada@example.com, hello"
    await set_function(world, account, "end", "! ")
    assert await rendered(api, marketer, account, text, contactId=contact) == "Dear ada@example.com! hello"
    agent = await staff_member(world)
    await set_override(world, account, OverrideKind.FIELD_FUNCTIONS, agent, field_functions=False)
    assert await rendered(api, marketer, account, text, contactId=contact) == "hello"


async def test_html_is_safe_to_show(api: Api, account: Account, marketer: Member) -> None:
    """What acts in a page is gone; style sheets are in the elements. What is stored stays."""
    html = (
        "<!doctype html><html><head><title>T</title><style>p { color: red; position: fixed }</style>"
        "<link rel='stylesheet' href='file:///etc/passwd'><script>alert(1)</script></head>"
        "<body onload='alert(2)'><p onclick='alert(3)'>Hi</p><a href='javascript:alert(4)'>a</a>"
        "<a href='https://example.com/?a=1&amp;b=2'>b</a><iframe src='https://example.com'></iframe>"
        "<form action='/x'><input name='p'></form><img src='cid:logo' onerror='alert(5)' width='9'>"
    )
    id_ = await create_template(api, marketer, account, "Hello", subject="Hello", html=html)
    found = await preview(api, marketer, account, templateId=id_)
    rel = 'rel="noopener noreferrer nofollow"'
    assert found["html"] == (
        f'<p style="color:red">Hi</p><a {rel}>a</a>'
        f'<a href="https://example.com/?a=1&amp;b=2" {rel}>b</a><img src="cid:logo" width="9">'
    )


_ESCAPES = (
    "{{ v }}{{ v | upcase }}{{ v | append: v }}{{ '<i>' | append: v }}{{ v | prepend: '<i>' }}"
    "{{ v | replace: 'x', '<' }}{{ 'x' | replace: 'x', v }}{{ v | split: '' | join: '' }}{{ v | strip_html }}"
    "{{ v | newline_to_br }}{{ v | escape }}{{ v | escape_once }}{{ v | escape | remove: 'amp;' }}"
    "{{ v | base64_encode | base64_decode }}{{ v | url_encode | url_decode }}{{ v | truncate: 9, v }}"
    "{{ 'a b' | truncatewords: 1, v }}{{ v | slice: 0, 9 }}{{ nothing | default: v }}{{ v | strip_newlines }}"
    "{% capture w %}{{ v }}{% endcapture %}{{ w }}{% assign w = v %}{{ w }}{% echo v %}{% cycle v %}"
    "{{ v | date: v }}{{ 'now' | date: v }}{{ v | split: 'q' }}{{ v | split: 'q' | first }}"
)


async def test_no_value_becomes_html(api: Api, account: Account, marketer: Member) -> None:
    """By whatever filter it is written."""
    await create_attribute(api, marketer, account, "evil", "TEXT")
    values = {"evil": "<script>x</script>"}
    (id_,) = await upserted(api, marketer, account, {"email": "ada@example.com", "attributes": values})
    html = f"<p>{{% assign v = contact.attributes.evil %}}{_ESCAPES}</p>"
    parts = {"channel": "EMAIL", "subject": "Hello", "html": html, "text": "{{ contact.attributes.evil }}"}
    found = await preview(api, marketer, account, parts=parts, contactId=id_)
    assert found["text"] == values["evil"]
    # The sanitiser would take a script with its content away.
    assert found["html"].lower().count("x&lt;/script") >= 20


async def test_a_subject_is_one_line(api: Api, account: Account, marketer: Member) -> None:
    """Whatever a value brings: no value adds a header, or makes it longer than a line may be."""
    breaks = '{% assign lines = "a%0D%0ABcc: eve%00b%E2%80%A8c" | url_decode %}'
    parts = {"channel": "EMAIL", "subject": f"{breaks}{{{{ lines }}}}", "text": "Hi"}
    assert (await preview(api, marketer, account, parts=parts))["subject"] == "a Bcc: eve b c"
    parts["subject"] = "{% for a in (1..2000) %}x{% endfor %}"
    assert (await preview(api, marketer, account, parts=parts))["subject"] == "x" * 998


async def test_an_sms_is_measured_as_it_is_rendered(api: Api, account: Account, marketer: Member) -> None:
    (id_,) = await upserted(api, marketer, account, {"email": "ada@example.com"})
    parts = {"channel": "SMS", "text": "{{ contact.email }}€"}
    found = await preview(api, marketer, account, parts=parts, contactId=id_)
    assert found["sms"] == {"encoding": "GSM_7", "units": 17, "parts": 1}


async def test_who_may_not_see_contacts_previews_none(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    """And nobody previews what is another account's."""
    writer = await world.member(account, await world.role(account, "ACCOUNT_READ TEMPLATES_READ"))
    contact = contact_id(account, await give_contact(world, account, "ada@example.com"))
    own = template_id(account, await give_template(world, account, "Hello"))
    asked = {"templateId": own, "contactId": contact}
    answer = await ask_preview(api, writer, account, **asked)
    assert (answer.codes, answer.errors[0]["extensions"]["permission"]) == (["FORBIDDEN"], "CONTACTS_READ")
    assert (await preview(api, writer, account, templateId=own))["text"] == "Hello "
    assert (await preview(api, marketer, account, **asked))["text"] == "Hello ada@example.com"
    sibling = await world.account(await world.account())
    await world.member(sibling, BuiltinRole.MARKETER, marketer.person)
    theirs = contact_id(sibling, await give_contact(world, sibling, "bo@example.com"))
    mixed = f"cntc_{account.key}_{theirs.rpartition('_')[2]}"
    for wrong in (theirs, mixed, contact_id(account, new_id()), own, "x"):
        answer = await ask_preview(api, marketer, account, templateId=own, contactId=wrong)
        assert answer.codes == ["NOT_FOUND"]
    foreign = template_id(sibling, await give_template(world, sibling, "Theirs"))
    assert (await ask_preview(api, marketer, account, templateId=foreign)).codes == ["NOT_FOUND"]


@pytest.mark.parametrize("given", [{}, {"templateId": "tmpl_1", "parts": {}}, {"version": 1, "parts": {}}])
async def test_a_preview_is_of_one_thing(
    api: Api, account: Account, marketer: Member, given: dict[str, Any]
) -> None:
    if "parts" in given:
        given = given | {"parts": {"channel": "SMS", "text": "Hi"}}
    assert (await ask_preview(api, marketer, account, **given)).codes == ["BAD_USER_INPUT"]
