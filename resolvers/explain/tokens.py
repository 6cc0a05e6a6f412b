"""A narrowed token in question: whom it acts for, and whether it works, now or at a moment of the past."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, func, select

from authz.callers.narrowed import token_lives
from authz.explain.facts import AskedToken
from authz.past.moments import settings_of
from authz.policy.refusals import Refusal, RefusalCode
from engine.database.snapshot import Reader
from models.access.histories import HISTORIES
from models.narrowed_tokens.tables import narrowed_tokens

Row = Mapping[str, Any]

(_VERSIONS,) = (history.versions for history in HISTORIES if history.table is narrowed_tokens)


@dataclass(frozen=True)
class NamedToken:
    """`row`: with the columns that the API shows. `asked`: as it was at the moment in question. `was_made`:
    by then."""

    row: Row
    asked: AskedToken
    was_made: bool = True

    def check_was_made(self) -> None:
        """Raises Refusal for a moment before the token was made. To be called once the asker may know of
        it."""
        if not self.was_made:
            raise Refusal(RefusalCode.BAD_USER_INPUT, "The token did not exist yet.", "at")


async def token_named(
    reader: Reader, token_id: UUID, moment: datetime.datetime | None = None
) -> NamedToken | None:
    """The token with this id. None: there is none, or, unless `moment` asks about the past, none any more."""
    if moment is None:
        rows = await reader.rows(_present(), {"id": token_id})
        return NamedToken(rows[0], _asked(rows[0])) if rows else None
    versions = await reader.rows(_versions(), {"id": token_id})
    if not versions:
        return None
    earlier = [version for version in versions if version["holds_from"] <= moment]
    then = earlier[-1] if earlier else versions[0]
    # What a request makes begins to hold a little after the time of the request, which is its `created_at`.
    was_made = then["created_at"] <= moment
    working = await reader.rows_under(settings_of(moment), _working(), {"id": token_id})
    state = {"expired": then["expires_at"] <= moment, "works": any(row["works"] for row in working)}
    return NamedToken(versions[-1], _asked({**then, **state}, begun=bool(earlier)), was_made)


def _asked(row: Row, *, begun: bool = True) -> AskedToken:
    return AskedToken(
        row["id"],
        row["audience"],
        frozenset(row["account_ids"]),
        row["scopes"],
        row["revoked_at"],
        row["expires_at"],
        begun,
        row["expired"],
        row["works"],
    )


def _present() -> Select[Any]:
    expired = (narrowed_tokens.c.expires_at <= func.now()).label("expired")
    works = token_lives(narrowed_tokens).label("works")
    return select(narrowed_tokens, expired, works).where(narrowed_tokens.c.id == _id())


def _versions() -> Select[Any]:
    """The first one first. Its rows outlive those of the tokens."""
    return select(_VERSIONS).where(_VERSIONS.c.id == _id()).order_by(_VERSIONS.c.holds_from)


def _working() -> Select[Any]:
    works = token_lives(narrowed_tokens).label("works")
    return select(works).where(narrowed_tokens.c.id == _id())


def _id() -> Any:
    return bindparam("id", type_=Uuid())
