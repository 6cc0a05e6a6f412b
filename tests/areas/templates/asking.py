"""What tests of templates ask again and again."""

from typing import Any

from tests.client.api import Answer, Api, Caller
from tests.client.mutations import attempt, done
from tests.world.world import Account

_PREVIEW = """query (
  $accountId: ID!, $templateId: ID, $version: Int, $parts: TemplatePartsInput, $contactId: ID
) {
  templatePreview(
    accountId: $accountId, templateId: $templateId, version: $version, parts: $parts, contactId: $contactId
  ) { subject text html warnings { part kind name } sms { encoding units parts } } }"""
_CONTENT = """query ($templateId: ID!, $version: Int) {
  templateContent(templateId: $templateId, version: $version) { version subject text html } }"""


async def create_template(api: Api, caller: Caller, account: Account, name: str, **parts: str) -> str:
    """The id of a new template: an e-mail, if it has a subject."""
    channel = "EMAIL" if "subject" in parts else "SMS"
    values = {"accountId": account.id, "name": name, "channel": channel, **parts}
    made = await done(api, "templateCreate", caller, "template { id }", **values)
    return str(made["template"]["id"])


async def refused(api: Api, mutation: str, caller: Caller, **values: Any) -> tuple[str, str | None, str]:
    """The code, the input's field and the message with which a mutation is refused."""
    made = await attempt(api, mutation, caller, **values)
    assert made.answer.errors == [], made.answer.errors
    assert made.user_error is not None
    return made.code, made.named, made.user_error["message"]


async def content(api: Api, caller: Caller, template_id: str, version: int | None = None) -> dict[str, Any]:
    """What a version says, by default the newest."""
    found = await api.read(_CONTENT, caller, templateId=template_id, version=version)
    shown: dict[str, Any] = found["templateContent"]
    return shown


async def ask_preview(api: Api, caller: Caller, account: Account, **values: Any) -> Answer:
    """The whole answer."""
    return await api.ask(_PREVIEW, caller, accountId=account.id, **values)


async def preview(api: Api, caller: Caller, account: Account, **values: Any) -> dict[str, Any]:
    """A preview that must be made. `values`: the query's other arguments."""
    answer = await ask_preview(api, caller, account, **values)
    assert answer.errors == [], answer.errors
    made: dict[str, Any] = answer.data["templatePreview"]
    return made


async def rendered(api: Api, caller: Caller, account: Account, text: str, **values: Any) -> str:
    """A text of an SMS, as it is rendered."""
    parts = {"channel": "SMS", "text": text}
    return str((await preview(api, caller, account, parts=parts, **values))["text"])


async def not_rendered(api: Api, caller: Caller, account: Account, text: str) -> str:
    """Why a text of an SMS cannot be rendered."""
    answer = await ask_preview(api, caller, account, parts={"channel": "SMS", "text": text})
    (error,) = answer.errors
    assert (answer.data, error["extensions"]["code"]) == ({"templatePreview": None}, "BAD_USER_INPUT")
    return str(error["message"])
