"""Stored functions that say whether an open offer can be accepted now, and which promises stand against it.

Each takes the tree's id and the offer's, and returns NULL where there is no such offer. As a part of every
statement that reads offers they would make it several times as long; they are called for open offers alone.
"""

from typing import Any

from sqlalchemy import Select, exists, select

from authz.offers.acceptance import lapse_of_invitation, lapse_of_share
from authz.offers.broken_promises import OFFER_KINDS
from authz.offers.link_requests import standing_of_request
from authz.offers.ownership import standing_offer
from engine.compiled.sql_text import prepared
from models.base.stored_functions import StoredFunction, Volatility


def _answer_of(name: str, type_: str, answer: Select[Any]) -> StoredFunction:
    body = f"BEGIN RETURN ({prepared(answer).sql}); END"
    return StoredFunction(f"{name}(uuid, uuid) RETURNS {type_}", body, Volatility.STABLE)


FUNCTIONS = (
    _answer_of("invitation_lapse", "text", lapse_of_invitation()),
    _answer_of("share_lapse", "text", lapse_of_share()),
    _answer_of("ownership_offer_stands", "boolean", select(exists(standing_offer()))),
    _answer_of("parent_access_request_stands", "boolean", standing_of_request()),
    *(_answer_of(kind.function, "uuid[]", kind.promises()) for kind in OFFER_KINDS),
)
