"""Mutations that change and copy settings."""

from typing import ClassVar

import strawberry
from sqlalchemy import Uuid
from strawberry.scalars import JSON

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.base.marks import Public
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.settings.tables import SettingName
from resolvers.accounts import reads as accounts
from resolvers.settings import copy, update, values
from resolvers.settings.reads import SettingOrigin
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccessPayload, Payload, payload
from schema.fields.references import AccountRef
from schema.fields.updates import converted, given, given_value
from schema.settings import inputs
from schema.settings.inputs import SettingsCopyInput, SettingsUpdateInput


@strawberry.type(description="A setting that a copy changes.", directives=[Public()])
class SettingChange:
    setting: SettingName = strawberry.field(description="The setting.")
    function: str | None = strawberry.field(
        description="The field function's name, for FIELD_FUNCTIONS; null for other settings."
    )
    value_before: JSON | None = strawberry.field(
        description="The value that is in force before: a text, or an object with the fields of "
        "`BounceLimits` or `QuietHours`; null if there is none."
    )
    origin_before: SettingOrigin = strawberry.field(description="Where that value comes from.")
    value_after: JSON = strawberry.field(description="The account's own value after the copy.")


@entity(None, carries={"account_id": Uuid()})
class SettingsUpdatePayload(Payload):
    """An account with its settings."""

    account: AccountRef | None = to_one(accounts.of_result)


@entity(None, carries={"account_id": Uuid()})
class SettingsCopyPayload(AccessPayload):
    """The account that settings were copied to."""

    account: AccountRef | None = to_one(accounts.of_result)
    changes: list[SettingChange] | None = strawberry.field(
        default=None,
        description="What the copy changed, or, for a dry run, what it would change; null if refused. A "
        "setting that was copied from that account already, and has the same value, is not listed.",
    )
    dry_runs_tell: ClassVar[tuple[str, ...]] = ("changes",)


@strawberry.type
class SettingsMutation:
    @mutation(needs(Permission.SETTINGS_WRITE))
    async def settings_update(
        self, session: WriteSession, principal: Principal, input: SettingsUpdateInput
    ) -> SettingsUpdatePayload:
        """Change an account's settings, and lock them for the accounts below. While an account above has
        locked a setting, it is refused here with SETTING_LOCKED."""
        command = update.SettingsUpdate(
            account_id=account_id(input.account_id),
            expected_version=input.expected_version,
            time_zone=given(input.time_zone),
            default_country=given(input.default_country),
            language=given(input.language),
            sender_name=given(input.sender_name),
            sender_address=given(input.sender_address),
            unsubscribe_page=given(input.unsubscribe_page),
            campaign_approval=given(input.campaign_approval),
            bounce_limits=converted(given(input.bounce_limits), inputs.bounce_limits),
            quiet_hours=converted(given(input.quiet_hours), inputs.quiet_hours),
            field_functions=converted(given(input.field_functions), inputs.functions),
            lock=inputs.names(given_value(input.lock, "lock")),
            unlock=inputs.names(given_value(input.unlock, "unlock")),
        )
        done = await update.update_settings(session, principal, command)
        return payload(SettingsUpdatePayload, account_id=done.account_id)

    @mutation(needs(Permission.SETTINGS_WRITE))
    async def settings_copy(
        self, session: WriteSession, principal: Principal, input: SettingsCopyInput
    ) -> SettingsCopyPayload:
        """Copy the values that are in force in one account to another one of its tree, where they become its
        own. Later changes are not copied; call it again. A setting without a value is not copied, and field
        functions of other names stay. SETTING_LOCKED if an account above has locked one of them."""
        command = copy.SettingsCopy(
            from_id=account_id(input.from_account_id, "fromAccountId"),
            to_id=account_id(input.to_account_id, "toAccountId"),
            settings=frozenset(input.settings),
        )
        done = await copy.copy_settings(session, principal, command)
        return payload(
            SettingsCopyPayload,
            account_id=done.account.account_id,
            changes=[_change(change) for change in done.changes],
        )


def _change(change: copy.SettingChange) -> SettingChange:
    return SettingChange(
        setting=change.setting,
        function=change.name,
        value_before=None if change.before is None else _json(change.before),
        origin_before=change.origin_before,
        value_after=_json(change.after),
    )


def _json(value: values.SettingValue) -> JSON:
    return JSON(values.stored_form(value))
