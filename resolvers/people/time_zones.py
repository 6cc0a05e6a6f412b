"""Time zones from clients. Those that the database knows are valid, because it computes with them."""

from sqlalchemy import exists, func, select

from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession


async def check_time_zone(session: WriteSession, time_zone: str) -> None:
    """Raise BAD_USER_INPUT for what is no IANA name of a time zone."""
    known = func.pg_timezone_names().table_valued("name").c.name
    if not (await session.execute(select(exists().where(known == time_zone)))).scalar_one():
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Not an IANA time zone.", "timeZone")
