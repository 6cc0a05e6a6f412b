"""The stored functions of the past: what reach says, over the views of the schema `past`."""

from dataclasses import replace
from typing import Any

from sqlalchemy import ARRAY, Select, Uuid, literal_column, select, true
from sqlalchemy.types import TypeEngine

from authz.reach import functions as reach
from authz.reach.everybody import access_of, access_with_tokens_in
from authz.reach.status import status_mask
from engine.compiled.sql_text import prepared
from models.accounts.tables import accounts
from models.base.stored_functions import Language, Rights, StoredFunction, Volatility, functions_in


def _access() -> Select[Any]:
    """Who holds rights in an account, and what their narrowed tokens leave, after its status."""
    account = accounts.alias()
    access = access_with_tokens_in(account).lateral("access")
    mask = access.c.mask.op("&")(status_mask(account))
    return (
        select(access.c.user_id, access.c.api_key_id, access.c.token_id, mask)
        .select_from(account.join(access, true()))
        .where(account.c.master_id == literal_column("$1", Uuid), account.c.id == literal_column("$2", Uuid))
    )


def _access_of() -> Select[Any]:
    """What these people and keys hold in these accounts, after their status."""
    ids: TypeEngine[Any] = ARRAY(Uuid)
    accounts_asked, people, keys = (literal_column(f"${number}", ids) for number in (1, 2, 3))
    access = access_of(accounts_asked, people, keys).subquery("found")
    return select(access.c.account_id, access.c.user_id, access.c.api_key_id, access.c.mask)


_MOST_PLACES = 1_000
"""Where is looked for what ended at one moment."""

_ASKED_BY_REACH = ("api_key_stops", "break_glass_grants", "narrowed_grants")
"""The functions that reach's statements call: they have to be about the same moment."""

FUNCTIONS = (
    StoredFunction(
        "past.now() RETURNS timestamptz",
        "SELECT current_setting('mandant.moment')::timestamptz",
        Volatility.STABLE,
        language=Language.SQL,
    ),
    *(
        replace(function, head=f"past.{function.head}")
        for function in reach.FUNCTIONS
        if function.head.partition("(")[0] in _ASKED_BY_REACH
    ),
    StoredFunction(
        "past.access_at(uuid, uuid, timestamptz) "
        "RETURNS TABLE (user_id uuid, api_key_id uuid, token_id uuid, mask bigint) ROWS 10",
        "\n#variable_conflict use_column\n"
        "BEGIN PERFORM set_config('mandant.moment', $3::text, true); "
        f"RETURN QUERY {prepared(_access()).sql}; END",
        Volatility.STABLE,
        Rights.PAST,
    ),
    StoredFunction(
        "past.access_of(uuid[], uuid[], uuid[], timestamptz) "
        "RETURNS TABLE (account_id uuid, user_id uuid, api_key_id uuid, mask bigint)",
        "\n#variable_conflict use_column\n"
        "BEGIN PERFORM set_config('mandant.moment', $4::text, true); "
        f"RETURN QUERY {prepared(_access_of()).sql}; END",
        Volatility.STABLE,
        Rights.PAST,
    ),
    *functions_in(__package__, "access_ended", most=_MOST_PLACES),
)
