"""Telling a person what became of its second factors."""

import uuid

from engine.writes.sessions import WriteSession
from resolvers.effects.mail_texts import quoted
from resolvers.effects.personal_mail import KindInBoth, News, tell_person
from resolvers.second_factor.mail_kinds import (
    FACTOR_RESET,
    FACTOR_RESET_IN_GERMAN,
    FACTORS_CHANGED,
    FACTORS_CHANGED_IN_GERMAN,
)
from resolvers.second_factor.notices import IF_CHANGED, IF_TO_BE_RESET, RESET_STEPS, Notice

_RESET = KindInBoth(FACTOR_RESET, FACTOR_RESET_IN_GERMAN)
_CHANGED = KindInBoth(FACTORS_CHANGED, FACTORS_CHANGED_IN_GERMAN)


async def tell(session: WriteSession, user_id: uuid.UUID, notice: Notice, name: str = "") -> None:
    """Mail it to the person. `name`: of the passkey."""
    kind, advice = (_RESET, IF_TO_BE_RESET) if notice in RESET_STEPS else (_CHANGED, IF_CHANGED)
    await tell_person(session, user_id, News(kind, notice.value.filled(name=quoted(name)), advice))
