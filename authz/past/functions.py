"""The stored functions of the past: what reach says, over the views of the schema `past`."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Select, Uuid, literal_column, select, true

from authz.reach import functions as reach
from authz.reach.everybody import access_in
from authz.reach.status import status_mask
from engine.compiled.sql_text import prepared
from models.accounts.tables import accounts
from models.base.stored_functions import Language, Rights, StoredFunction, Volatility


def _access() -> Select[Any]:
    """Who holds rights in an account, after its status."""
    account = accounts.alias()
    access = access_in(account).lateral("access")
    mask = access.c.mask.op("&")(status_mask(account))
    return (
        select(access.c.user_id, access.c.api_key_id, mask)
        .select_from(account.join(access, true()))
        .where(account.c.master_id == literal_column("$1", Uuid), account.c.id == literal_column("$2", Uuid))
    )


_ASKED_BY_REACH = ("api_key_stops", "break_glass_grants")
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
        "past.access_at(uuid, uuid, timestamptz) RETURNS TABLE (user_id uuid, api_key_id uuid, mask bigint) "
        "ROWS 10",
        "\n#variable_conflict use_column\n"
        "BEGIN PERFORM set_config('mandant.moment', $3::text, true); "
        f"RETURN QUERY {prepared(_access()).sql}; END",
        Volatility.STABLE,
        Rights.PAST,
    ),
)
