"""The stored function that tells of what ends, in all trees."""

from string import Template

from authz.dry_runs.functions import MOST_SHOWN
from engine.compiled.sql_text import prepared
from models.access.expiry_notices import ExpiryStage
from models.base.locks import AdvisoryLock
from models.base.stored_functions import functions_in
from resolvers.access.expiring_grants import all_grants
from resolvers.access.mail_kinds import ACCESS_EXPIRING, EXPIRY_NOTICES
from resolvers.effects.event_types import EventType
from resolvers.effects.mail_limits import budget_subject
from resolvers.effects.mail_texts import quoted_in_sql

_MAIL = """Hello,

your access ends soon:

%s

If you still need it, ask whoever gave it to you to prolong it. Otherwise you need not do anything.

After $most such messages in a day, only the logs of the accounts tell of more.
"""

(_BUDGET,) = EXPIRY_NOTICES.budgets

FUNCTIONS = functions_in(
    __package__,
    "tell_expiries",
    telling=AdvisoryLock.TELLING_EXPIRIES,
    grants=prepared(all_grants()).sql,
    week=ExpiryStage.WEEK.value,
    day=ExpiryStage.DAY.value,
    ended=ExpiryStage.ENDED.value,
    expiring=EventType.ACCESS_EXPIRING.value,
    expired=EventType.ACCESS_EXPIRED.value,
    mail=Template(_MAIL).substitute(most=_BUDGET.most),
    shown=quoted_in_sql("name"),
    subject=ACCESS_EXPIRING.subject,
    counted=budget_subject(EXPIRY_NOTICES, _BUDGET, ""),
    window=int(_BUDGET.window.total_seconds()),
    most=_BUDGET.most,
    listed=MOST_SHOWN,
)
