"""What a person says of itself: name, language, time zone."""

from dataclasses import dataclass

from sqlalchemy import select, update

from authz.callers.principals import Principal
from authz.policy.refusals import Refusal, RefusalCode, VersionConflict
from engine.writes.sessions import WriteSession
from models.base.ids import UserId
from models.base.text_forms import forms_of
from models.people.users import users
from resolvers.inputs.languages import language
from resolvers.inputs.text import short_text
from resolvers.inputs.unchanged import UNCHANGED, Unchanged
from resolvers.people.time_zones import check_time_zone


@dataclass(frozen=True)
class UserUpdate:
    """The new values of the caller's own profile. `language`: a BCP 47 tag; `time_zone`: an IANA name; None:
    unknown again."""

    expected_version: int
    name: str | Unchanged = UNCHANGED
    language: str | Unchanged | None = UNCHANGED
    time_zone: str | Unchanged | None = UNCHANGED


async def update_user(session: WriteSession, principal: Principal, command: UserUpdate) -> UserId:
    """Change the caller's own profile. Raises PERSON_REQUIRED, VersionConflict, BAD_USER_INPUT."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    values = await _values(session, command)
    this = users.c.id == principal.user_id
    current = select(users.c.version).where(this).with_for_update(key_share=True)
    version: int = (await session.execute(current)).scalar_one()
    if version != command.expected_version:
        raise VersionConflict(version)
    if values:
        await session.send_built(update(users).where(this).values(**values, version=version + 1))
    return principal.user_id


async def _values(session: WriteSession, command: UserUpdate) -> dict[str, object]:
    """The columns to write: checked, and in the form that is stored."""
    values: dict[str, object] = {}
    if command.name is not UNCHANGED:
        name = short_text(command.name, "name")
        values |= {"name": name, **forms_of(users, name)}
    if command.language is not UNCHANGED:
        tag = command.language
        values["language"] = None if tag is None else language(tag, "language")
    if command.time_zone is not UNCHANGED:
        if command.time_zone is not None:
            await check_time_zone(session, command.time_zone)
        values["time_zone"] = command.time_zone
    return values
