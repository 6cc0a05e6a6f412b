"""Telling a person what became of how it signs in, in its language and by the clocks of its zone."""

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select

from engine.writes.sessions import WriteSession
from models.people.users import users
from resolvers.effects.mail_limits import MailKind
from resolvers.effects.mail_texts import letter
from resolvers.effects.outbox import Cause, Mail, queue_mail
from resolvers.inputs.emails import EmailAddress


@dataclass(frozen=True)
class Words:
    """A text in both languages."""

    english: str
    german: str

    def filled(self, **texts: "str | Words") -> "Words":
        """The text with the values of what it has in braces."""
        english = {name: text if isinstance(text, str) else text.english for name, text in texts.items()}
        german = {name: text if isinstance(text, str) else text.german for name, text in texts.items()}
        return Words(self.english.format(**english), self.german.format(**german))


@dataclass(frozen=True)
class KindInBoth:
    """A kind of mail in both languages, which count against the same limits."""

    english: MailKind
    german: MailKind


@dataclass(frozen=True)
class News:
    """What has happened, and what to do if it was not the person."""

    kind: KindInBoth
    what: Words
    advice: Words


_GREETING = Words("Hello,", "Guten Tag,")
_HAPPENED = Words("It happened on {date} at {time} ({zone}).", "Das geschah am {date} um {time} ({zone}).")
_DATE = Words("%Y-%m-%d", "%d.%m.%Y")


async def tell_person(session: WriteSession, user_id: uuid.UUID, news: News) -> None:
    """Mail it to the address that the person has now: in German if that is its language, in English
    otherwise. The moment is that of the person's time zone; UTC if it is unknown. Beyond its limits the mail
    is dropped."""
    zone = func.coalesce(users.c.time_zone, "UTC")
    columns = users.c.email, users.c.email_canonical, users.c.language
    local = zone.label("zone"), func.timezone(zone, func.now()).label("happened")
    row = (await session.execute(select(*columns, *local).where(users.c.id == user_id))).one()
    is_german = row.language is not None and row.language.lower().split("-")[0] == "de"

    def said(words: Words) -> str:
        return words.german if is_german else words.english

    moment = said(_HAPPENED).format(
        date=row.happened.strftime(said(_DATE)), time=f"{row.happened:%H:%M}", zone=row.zone
    )
    body = letter(f"{said(news.what)} {moment}", said(news.advice), greeting=said(_GREETING))
    kind = news.kind.german if is_german else news.kind.english
    await queue_mail(session, Cause(), Mail(kind, EmailAddress(row.email, row.email_canonical), body))
