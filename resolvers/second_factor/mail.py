"""Telling a person what became of its second factors, in its language and by the clocks of its zone."""

import uuid

from sqlalchemy import func, select

from engine.writes.sessions import WriteSession
from models.people.users import users
from resolvers.effects.mail_texts import letter, quoted
from resolvers.effects.outbox import Cause, Mail, queue_mail
from resolvers.inputs.emails import EmailAddress
from resolvers.second_factor.mail_kinds import (
    FACTOR_RESET,
    FACTOR_RESET_IN_GERMAN,
    FACTORS_CHANGED,
    FACTORS_CHANGED_IN_GERMAN,
)
from resolvers.second_factor.notices import (
    GREETING,
    HAPPENED,
    IF_CHANGED,
    IF_TO_BE_RESET,
    RESET_STEPS,
    Notice,
    Words,
)

_ENGLISH_DATE, _GERMAN_DATE = "%Y-%m-%d", "%d.%m.%Y"


async def tell(session: WriteSession, user_id: uuid.UUID, notice: Notice, name: str = "") -> None:
    """Mail it to the person: in German if that is its language, in English otherwise. `name`: of the
    passkey. The moment is that of the person's time zone; UTC if it is unknown."""
    zone = func.coalesce(users.c.time_zone, "UTC")
    columns = users.c.email, users.c.email_canonical, users.c.language
    local = zone.label("zone"), func.timezone(zone, func.now()).label("happened")
    row = (await session.execute(select(*columns, *local).where(users.c.id == user_id))).one()
    is_german = row.language is not None and row.language.lower().split("-")[0] == "de"

    def said(words: Words) -> str:
        return words.german if is_german else words.english

    if notice in RESET_STEPS:
        kind, advice = FACTOR_RESET_IN_GERMAN if is_german else FACTOR_RESET, IF_TO_BE_RESET
    else:
        kind, advice = FACTORS_CHANGED_IN_GERMAN if is_german else FACTORS_CHANGED, IF_CHANGED
    date = row.happened.strftime(_GERMAN_DATE if is_german else _ENGLISH_DATE)
    moment = said(HAPPENED).format(date=date, time=f"{row.happened:%H:%M}", zone=row.zone)
    what = said(notice.value).format(name=quoted(name))
    body = letter(f"{what} {moment}", said(advice), greeting=said(GREETING))
    await queue_mail(session, Cause(), Mail(kind, EmailAddress(row.email, row.email_canonical), body))
