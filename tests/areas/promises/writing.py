"""What holds each write of access to the promises of accounts, and what comes in beside GraphQL.

A new function that writes one of these tables, a new job, command or address gets its row here.
"""

from dataclasses import dataclass

from resolvers.effects.event_types import EventType
from server.pages.people import PAGES
from tests.areas.promises.writers import ANY

_HERE = "tests/areas/promises"


@dataclass(frozen=True)
class Held:
    """The events that hold the write to the promises, told in the module of the function."""

    events: frozenset[EventType]


@dataclass(frozen=True)
class GivesNothing:
    """Why nobody gets a permission by it."""

    reason: str


@dataclass(frozen=True)
class Proved:
    """The test that shows that it breaks no promise, as `file::function`."""

    test: str


def _held(*events: EventType) -> Held:
    return Held(frozenset(events))


_BY_CALLERS = GivesNothing("its callers have rows, as SHARED of the scan says")
_VERSION = GivesNothing("it raises the version alone")
_ENDS = GivesNothing("it only ends something, or takes something out")
_COUNTED = GivesNothing("a promise ignores the status, so what comes back has been counted")
_NOBODY_YET = GivesNothing("nothing refers to it yet, and nobody has promised anything there")
_SHARED = EventType.SHARE_CREATED, EventType.SHARE_UPDATED
_ACCOUNTS, _SHARES = "resolvers/accounts", "resolvers/shares"

WRITERS: dict[tuple[str, str], Held | GivesNothing] = {
    ("authz/guards/parent_link.py:let_pass", "account_closure"): _BY_CALLERS,
    ("authz/guards/parent_link.py:synchronize", "account_closure"): GivesNothing(
        "it lets permissions pass that are new, about which nobody can have promised anything"
    ),
    ("authz/policy/builtin_roles.py:synchronize", "roles"): GivesNothing(
        "`mandant migrate` asks all promises behind it: see COMMANDS"
    ),
    ("models/api_keys/note_uses.sql", "api_keys"): GivesNothing("it notes when a key was used"),
    ("models/credit/currency_correct.sql", "accounts"): GivesNothing("it writes the currency"),
    ("resolvers/access_review/ending.py:_end_keys", "api_keys"): _ENDS,
    ("resolvers/access_review/ending.py:_end_shares", "share_accounts"): _ENDS,
    ("resolvers/access_review/ending.py:_end_shares", "shares"): _ENDS,
    (f"{_ACCOUNTS}/change.py:_update_of", "accounts"): _held(EventType.ACCOUNT_UPDATED),
    (f"{_ACCOUNTS}/close.py:close_account", "accounts"): _ENDS,
    (f"{_ACCOUNTS}/create_subaccount.py:add_account", "account_closure"): _NOBODY_YET,
    (f"{_ACCOUNTS}/create_subaccount.py:add_account", "accounts"): _NOBODY_YET,
    (f"{_ACCOUNTS}/credit_mode.py:change_credit_mode", "accounts"): GivesNothing("it is about money"),
    (f"{_ACCOUNTS}/reopen.py:reopen_account", "accounts"): _COUNTED,
    (f"{_ACCOUNTS}/sign_up.py:_add_master_account", "memberships"): _NOBODY_YET,
    (f"{_ACCOUNTS}/staff_status.py:_change_status", "accounts"): _COUNTED,
    ("resolvers/api_keys/create.py:add_api_key", "api_keys"): _held(EventType.API_KEY_CREATED),
    ("resolvers/api_keys/create.py:revoke_api_key", "api_keys"): _ENDS,
    ("resolvers/api_keys/create.py:rotate_api_key", "api_keys"): GivesNothing("a new secret gives no more"),
    ("resolvers/api_keys/store.py:write_key", "api_keys"): _BY_CALLERS,
    ("resolvers/api_keys/update.py:adopt_api_key", "api_keys"): _held(EventType.API_KEY_ADOPTED),
    ("resolvers/api_keys/update.py:update_api_key", "api_keys"): _held(EventType.API_KEY_UPDATED),
    ("resolvers/effects/account_versions.py:raise_version", "accounts"): _VERSION,
    ("resolvers/invitations/accept.py:_add_membership", "memberships"): _held(EventType.MEMBER_JOINED),
    ("resolvers/members/change.py:update_member", "memberships"): _held(EventType.MEMBER_UPDATED),
    ("resolvers/members/ending.py:end_memberships", "memberships"): _ENDS,
    ("resolvers/members/transfer_ownership.py:_set_role", "memberships"): _held(
        EventType.OWNERSHIP_TRANSFERRED
    ),
    ("resolvers/parent_access/opening_store.py:add_opening", "break_glass_openings"): GivesNothing(
        "break-glass is no promise's business: it has a reason and an end of its own"
    ),
    ("resolvers/parent_access/opening_store.py:end_openings", "break_glass_openings"): _ENDS,
    ("resolvers/parent_access/store.py:set_mode", "accounts"): _held(EventType.PARENT_ACCESS_UPDATED),
    ("resolvers/parent_access/store.py:set_mode", "account_closure"): _held(EventType.PARENT_ACCESS_UPDATED),
    ("resolvers/people/made_keys.py:revoke_keys", "api_keys"): _ENDS,
    ("resolvers/promises/change.py:end_promise", "access_promises"): GivesNothing(
        "an owner, or who may hand over the account, takes the promise back"
    ),
    ("resolvers/promises/change.py:make_promise", "access_promises"): _held(EventType.PROMISE_MADE),
    ("resolvers/promises/check_promises.sql", "access_promise_exceptions"): GivesNothing(
        "an owner has given a reason: it is the check itself"
    ),
    ("resolvers/promises/upgrade.py:_except", "access_promise_exceptions"): GivesNothing(
        "an operator has given a reason: it is the check of a release"
    ),
    ("resolvers/roles/change.py:create_role", "roles"): _NOBODY_YET,
    ("resolvers/roles/change.py:delete_role", "roles"): _ENDS,
    ("resolvers/roles/change.py:update_role", "roles"): _held(EventType.ROLE_UPDATED),
    ("resolvers/scim/memberships.py:_change", "memberships"): _held(EventType.MEMBER_UPDATED),
    ("resolvers/scim/memberships.py:_join", "memberships"): _held(EventType.MEMBER_JOINED),
    (f"{_SHARES}/accept.py:accept_share", "shares"): _held(EventType.SHARE_ACCEPTED),
    (f"{_SHARES}/accept.py:leave_share", "shares"): _ENDS,
    (f"{_SHARES}/create.py:_add", "share_accounts"): _held(EventType.SHARE_CREATED),
    (f"{_SHARES}/create.py:_add", "shares"): _held(EventType.SHARE_CREATED),
    (f"{_SHARES}/decline_offer.py:decline_share", "shares"): _ENDS,
    (f"{_SHARES}/remove_person.py:_take_accounts_out", "share_accounts"): _ENDS,
    (f"{_SHARES}/remove_person.py:_take_accounts_out", "shares"): _ENDS,
    (f"{_SHARES}/store.py:add_accounts", "share_accounts"): _BY_CALLERS,
    (f"{_SHARES}/store.py:drop_accounts", "share_accounts"): _ENDS,
    (f"{_SHARES}/store.py:withdraw_waiting", "shares"): _ENDS,
    (f"{_SHARES}/store.py:write_share", "shares"): _BY_CALLERS,
    (f"{_SHARES}/update.py:revoke_share", "shares"): _ENDS,
    (f"{_SHARES}/update.py:update_share", "share_accounts"): _held(*_SHARED),
    (f"{_SHARES}/update.py:update_share", "shares"): _held(*_SHARED),
    ("resolvers/single_sign_on/people.py:_change_role", "memberships"): _held(EventType.MEMBER_UPDATED),
    ("resolvers/single_sign_on/people.py:_join", "memberships"): _held(EventType.MEMBER_JOINED),
    ("resolvers/staff/user_rights.py:limit_below", "memberships"): GivesNothing(
        "a promise asks for what is held without such limits, also by keys that one of them has stopped"
    ),
    ("server/demo/tree_loading.py:_load", ANY): _NOBODY_YET,
}
"""Of each function that writes a table of access, with the table. Whatever begins or ends by a date has no
row: nothing writes then. Nothing of access begins by a date, and what ends only takes away, but for the
limits of staff."""

_REVIEWS = Proved(f"{_HERE}/test_without_mutations.py::test_the_end_of_a_review_gives_nobody_anything")
_MIGRATING = Proved(f"{_HERE}/test_upgrades.py::test_it_is_refused_and_nothing_is_migrated")
_BEYOND = GivesNothing("it writes nothing that access is made of")
_READS = GivesNothing("it reads")

JOBS: dict[str, GivesNothing | Proved] = {
    "access_review": _REVIEWS,
    "campaign_expansion": _BEYOND,
    "contact_job": _BEYOND,
    "cycle_charge": _BEYOND,
    "cycle_close": _BEYOND,
    "delete_lists": _BEYOND,
    "delete_old": GivesNothing("it deletes what has ended or been told long ago"),
    "domain_check": _BEYOND,
    "invoice_issue": _BEYOND,
    "message_delivery": _BEYOND,
    "reservation_expiry": _BEYOND,
    "seal_events": GivesNothing("it seals the log, and releases no event again"),
    "statistics_roll_up": _BEYOND,
    "tell_expiries": GivesNothing("it sends notices about ends"),
    "top_up": _BEYOND,
}
"""What workers do: by the kinds of jobs, and by the tasks of every minute."""

COMMANDS: dict[str, GivesNothing | Proved] = {
    "serve": _MIGRATING,
    "worker": GivesNothing("see JOBS"),
    "migrate": _MIGRATING,
    "demo": GivesNothing("it makes accounts of its own, in which nobody has promised anything"),
    "outbox": _READS,
    "audit verify": _READS,
    "clock forward": GivesNothing("the ends of access follow the database's own clock"),
    "contacts import": GivesNothing("it is a client of the API"),
    "documents check": _READS,
    "feedback take": _BEYOND,
    "invoice credit": _BEYOND,
    "jobs held": _READS,
    "jobs retry": GivesNothing("see JOBS"),
    "keys rotate": GivesNothing("it encrypts the same anew"),
    "ledger verify": _READS,
    "policy show": _READS,
    "policy explain": _READS,
    "schema print": _READS,
    "staff add": GivesNothing("platform staff hold no permission in an account"),
    "staff remove": _ENDS,
    "staff list": _READS,
}
"""What operators type."""

_BY_ISSUER = Proved(
    "tests/areas/single_sign_on/test_promises.py::test_nobody_new_is_let_in_by_it_and_the_log_tells"
)
_BY_DIRECTORY = Proved(
    "tests/areas/scim/test_directory.py::test_a_promise_keeps_a_membership_back_and_not_the_directory"
)
ADDRESSES: dict[str, GivesNothing | Proved] = {
    **{f"/{name}": GivesNothing("its scripts are clients of the API") for name in ("", *PAGES)},
    "/assets": _READS,
    "/attachments": _BEYOND,
    "/c": _BEYOND,
    "/contacts": _BEYOND,
    "/feedback": _BEYOND,
    "/graphql": Proved(f"{_HERE}/test_refusals.py::test_a_refusal_names_the_promise_and_who_would_break_it"),
    "/healthz": _READS,
    "/invoices": _READS,
    "/metrics": _READS,
    "/o": _BEYOND,
    "/outbox": _READS,
    "/readyz": _READS,
    "/recipients": _BEYOND,
    "/scim": _BY_DIRECTORY,
    "/sms": _BEYOND,
    "/sso": _BY_ISSUER,
    "/statistics": _READS,
    "/u": _BEYOND,
}
"""The beginnings of the paths that a server answers."""
