"""The tables as mapped classes, with the columns that are needed."""

import datetime
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY, CIDR, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ALL = 2**40 - 1
"""The mask of all permissions."""


class Base(DeclarativeBase):
    """Of all of them."""

    type_annotation_map: ClassVar = {
        int: BigInteger,
        datetime.datetime: DateTime(timezone=True),
        bytes: LargeBinary,
    }


class Account(Base):
    __tablename__ = "accounts"
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    parent_id: Mapped[UUID | None]
    name: Mapped[str]
    status: Mapped[str]
    rights_inheritance: Mapped[str]
    credit_mode: Mapped[str]
    version: Mapped[int]


class Closure(Base):
    __tablename__ = "account_closure"
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    ancestor_id: Mapped[UUID] = mapped_column(primary_key=True)
    descendant_id: Mapped[UUID] = mapped_column(primary_key=True)
    depth: Mapped[int]
    passed_mask: Mapped[int]


class Role(Base):
    __tablename__ = "roles"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]


class RolePolicyLine(Base):
    __tablename__ = "role_policy_lines"
    role_id: Mapped[UUID] = mapped_column(primary_key=True)
    relation: Mapped[str] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(primary_key=True)
    effect: Mapped[str] = mapped_column(primary_key=True)


class User(Base):
    __tablename__ = "users"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]


class Session(Base):
    __tablename__ = "sessions"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    digest: Mapped[bytes]
    expires_at: Mapped[datetime.datetime]


class Membership(Base):
    __tablename__ = "memberships"
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    user_id: Mapped[UUID]
    role_id: Mapped[UUID]
    expires_at: Mapped[datetime.datetime | None]
    below_limit: Mapped[int | None]
    below_limit_until: Mapped[datetime.datetime | None]


class ApiKey(Base):
    __tablename__ = "api_keys"
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    digest: Mapped[bytes]
    previous_digest: Mapped[bytes | None]
    previous_expires_at: Mapped[datetime.datetime | None]
    role_id: Mapped[UUID]
    scopes: Mapped[int]
    ip_ranges: Mapped[Sequence[Any]] = mapped_column(ARRAY(CIDR))
    when_maker_loses_access: Mapped[str]
    expires_at: Mapped[datetime.datetime | None]
    revoked_at: Mapped[datetime.datetime | None]


class Share(Base):
    __tablename__ = "shares"
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID | None]
    role_id: Mapped[UUID | None]
    areas_mask: Mapped[int]
    hidden_mask: Mapped[int]
    expires_at: Mapped[datetime.datetime | None]
    revoked_at: Mapped[datetime.datetime | None]


class ShareAccount(Base):
    __tablename__ = "share_accounts"
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    share_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)


class Opening(Base):
    """Of a closed link, by somebody who broke the glass."""

    __tablename__ = "break_glass_openings"
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    user_id: Mapped[UUID]
    expires_at: Mapped[datetime.datetime]
    ended_at: Mapped[datetime.datetime | None]


class Event(Base):
    __tablename__ = "events"
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    kind: Mapped[str]
    actor_user_id: Mapped[UUID | None]
    actor_api_key_id: Mapped[UUID | None]
    actor_account_id: Mapped[UUID | None]
    subject_id: Mapped[str]
    before: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))


class IdempotencyRecord(Base):
    __tablename__ = "idempotency_records"
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    principal_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str]
    request_digest: Mapped[bytes]
    result: Mapped[dict[str, str]] = mapped_column(JSONB)
