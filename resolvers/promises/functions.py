"""The stored functions that hold changes of access, and offers of it, to what accounts have promised."""

from typing import Any

from sqlalchemy import ARRAY, BigInteger, Uuid, literal_column
from sqlalchemy.types import TypeEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.reach.everybody import holders_beside, path_to
from engine.compiled.sql_text import prepared
from models.base.stored_functions import functions_in

_IDS: TypeEngine[Any] = ARRAY(Uuid)
_BESIDE = holders_beside(
    path_to(literal_column("promise.master_id", Uuid), literal_column("promise.account_id", Uuid)),
    literal_column("promise.permission", BigInteger),
    literal_column("promise.role_ids", _IDS),
)

FUNCTIONS = functions_in(
    __package__,
    "check_promises",
    "check_offer",
    "check_ownership",
    beside=prepared(_BESIDE).sql,
    owner=BuiltinRole.OWNER.id,
)
