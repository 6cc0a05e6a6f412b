"""What `mandant serve --demo` prints: where to look, and as whom."""

import json
import shlex

from authz.policy.builtin_roles import BuiltinRole
from server.demo.access import DemoAccess
from server.demo.story import AGENCY, BRAND, DEMO_PASSWORD, SUPPORTER, DemoAccount, DemoShare

_ACCOUNTS = "{ viewer { accounts { totalCount nodes { name kind status } } } }"
_MEMBERS = (
    "query Members($name: String) { viewer { accounts(search: $name, first: 1) { nodes { name "
    "members(includeInherited: true) { nodes { user { name } role { name } relation } } } } } }"
)


def banner(url: str, access: DemoAccess, *, has_outbox: bool) -> str:
    """Lines for a terminal. `url` is the server's address without a path. `has_outbox`: what is sent is shown
    there."""
    client = AGENCY.subaccounts[0].name
    tokens = [
        f"  {member.role.name:<14}{member.person.email:<28}{access.tokens[member.role]}"
        for member in AGENCY.people
    ]
    lines = [
        "",
        f"GraphiQL  {url}/graphql",
        *([f"Outbox    {url}/outbox  shows the e-mails and SMS that are sent"] if has_outbox else []),
        "",
        f"The people of {AGENCY.name}, signed in; their password is {DEMO_PASSWORD}:",
        *tokens,
        f"{BRAND.owner.email} owns {BRAND.name}.",
        *(_shared(share) for share in BRAND.shares),
        *(_ruled(account) for account in AGENCY.subaccounts if account.rules is not None),
        *_staff(access.staff_token),
        "",
        f"Who reaches {client}, asked as {AGENCY.name}'s administrator:",
        _curl(url, access.tokens[BuiltinRole.ADMINISTRATOR], _MEMBERS, {"name": client}),
        "",
        *_with_api_key(url, access.api_key),
    ]
    return "\n".join(lines)


def _shared(share: DemoShare) -> str:
    hidden = ", ".join(sorted(area.value for area in share.hidden_areas))
    accounts = " and ".join(share.accounts)
    return f"{share.guest.email} reaches {accounts} by a share, as {share.role.name} without {hidden}."


def _ruled(account: DemoAccount) -> str:
    owner = account.owner or AGENCY.owner
    return (
        f"{owner.email} owns {account.name}, with settings, a block list, unsubscribes, bounces and a domain."
    )


def _staff(token: str | None) -> list[str]:
    if token is None:
        return []
    return [f"{SUPPORTER.email} is platform staff: ask for `staff {{ role }}` with {token}"]


def _with_api_key(url: str, api_key: str | None) -> list[str]:
    if api_key is None:
        return [f"No API key: {AGENCY.name} was changed since the demo was made.", ""]
    return [
        f"API key  {api_key}",
        "",
        f"The accounts of {AGENCY.name}, asked with its API key:",
        _curl(url, api_key, _ACCOUNTS, {}),
        "",
    ]


def _curl(url: str, token: str, query: str, variables: dict[str, str]) -> str:
    body = {"query": query} | ({"variables": variables} if variables else {})
    headers = (f"Authorization: Bearer {token}", "Content-Type: application/json")
    options = " ".join(f"-H {shlex.quote(header)}" for header in headers)
    return f"curl -s {url}/graphql {options} -d {shlex.quote(json.dumps(body))}"
