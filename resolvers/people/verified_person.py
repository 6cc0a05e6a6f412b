"""The person who counts for an address that a trusted service speaks for: a company's issuer or directory."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.sessions import WriteSession
from models.base.ids import UserId, new_id
from models.people.users import users
from resolvers.inputs.emails import EmailAddress


async def verified_person(session: WriteSession, name: str, email: EmailAddress) -> UserId:
    """The person who has verified the address, made with this name and without a password if nobody has.
    Whoever has only typed the address is somebody else."""
    made = (
        upsert(users)
        .values(
            id=new_id(),
            name=name,
            email=email.original,
            email_canonical=email.canonical,
            email_verified_at=func.now(),
        )
        .on_conflict_do_nothing()
        .returning(users.c.id)
    )
    new = (await session.execute(made)).scalar_one_or_none()
    if new is not None:
        return UserId(new)
    verified = users.c.email_canonical == email.canonical, users.c.email_verified_at.is_not(None)
    return UserId((await session.execute(select(users.c.id).where(*verified))).scalar_one())
