"""Every mutation with an input that works, in an account that has one of everything."""

import datetime
from typing import Any

from models.base.ids import Kind
from tests.bad_input.place import Place
from tests.world.plans import STARTER
from tests.world.world import PASSWORD

Input = dict[str, Any]


def inputs(place: Place) -> dict[str, Input]:
    """What works, with a value for every field, for each mutation that has an input."""
    return {
        **_signing_in(place),
        **_accounts(place),
        **_members(place),
        **_shares(place),
        **_keys_and_roles(place),
        **_links(place),
        **_staff(place),
        **_credit(place),
        **_plans_and_sends(place),
        **_billing(place),
    }


def _signing_in(place: Place) -> dict[str, Input]:
    return {
        "signUp": {"name": "A", "email": _address(place), "password": PASSWORD, "accountName": "B"}
        | {"invitationToken": None, "shareToken": None, "currency": "CHF"},
        "signIn": {"email": place.member.person.email, "password": PASSWORD, "deviceToken": "mdd_x"},
        "emailVerify": {"token": place.verification, "password": PASSWORD},
        "passwordResetRequest": {"email": place.member.person.email},
        "passwordReset": {"token": place.reset, "newPassword": "another good password"},
        "passwordChange": {"currentPassword": PASSWORD, "newPassword": "another good password"},
    }


def _accounts(place: Place) -> dict[str, Input]:
    status = {"accountId": place.account.id, "reason": "because"}
    return {
        "subaccountCreate": {"parentId": place.account.id, "name": "New", "externalId": "crm-1"}
        | {"ownerEmail": _address(place), "idempotencyKey": "1"},
        "accountUpdate": {"accountId": place.master.id, "apiKeyCreation": "MASTER_ONLY"}
        | {"expectedVersion": 1, "name": "New", "externalId": "crm-2"}
        | {"rightsInheritance": "ALL_ROLES"},
        "accountSuspend": status,
        "accountResume": status,
        "accountClose": status | {"forfeitCredit": "0"},
    }


def _members(place: Place) -> dict[str, Input]:
    account = {"accountId": place.account.id}
    role = {"roleId": place.role.id}
    return {
        "memberInvite": account
        | role
        | {"email": _address(place), "expiresAt": _next_year(), "idempotencyKey": "2"},
        "invitationRevoke": {"invitationId": place.invitation_id},
        "invitationAccept": {"token": place.token},
        "invitationDecline": {"token": place.token},
        "memberUpdate": role | {"memberId": place.member.id, "expectedVersion": 1, "expiresAt": _next_year()},
        "memberRemove": {"memberId": place.member.id},
        "memberLeave": account,
        **dict.fromkeys(("ownershipAccept", "ownershipDecline", "ownershipTransferWithdraw"), account),
        "ownershipTransfer": account | {"toMemberId": place.member.id, "fromMemberId": place.owner.id},
    }


def _shares(place: Place) -> dict[str, Input]:
    role = {"roleId": place.role.id}
    shared = {"accountIds": [place.account.id], "areas": None, "hiddenAreas": ["CONTACTS"]}
    share = {"shareId": place.share.id}
    return {
        "shareCreate": shared
        | role
        | {"email": _address(place), "expiresAt": _next_year(), "idempotencyKey": "3"},
        "shareUpdate": shared | role | share | {"expectedVersion": 1, "expiresAt": _next_year()},
        "shareRevoke": share,
        "shareAccept": {"token": place.offer.token},
        "shareDecline": {"token": place.offer.token},
        "shareLeave": share,
    }


def _keys_and_roles(place: Place) -> dict[str, Input]:
    account = {"accountId": place.account.id}
    role = {"roleId": place.role.id}
    rights = {"permissions": ["CONTACTS_READ"], "permissionsBelow": ["STATISTICS_READ"]}
    key = {"apiKeyId": place.key.id}
    return {
        "apiKeyCreate": account
        | role
        | {"name": "Key", "permissions": ["CONTACTS_READ"], "expiresAt": _next_year()}
        | {"purpose": "MARKETING", "ipRanges": ["192.0.2.0/24"], "whenMakerLosesAccess": "STOP"},
        "apiKeyUpdate": key
        | {"expectedVersion": 1, "name": "Key", "permissions": ["CONTACTS_READ"]}
        | {"ipRanges": ["2001:db8::/32"], "expiresAt": _next_year()},
        "apiKeyAdopt": key,
        "apiKeyRevoke": key,
        "apiKeyRotate": key | {"overlapMinutes": 5},
        "roleCreate": account | rights | {"name": "Editor", "description": "Edits."},
        "roleUpdate": role | rights | {"expectedVersion": 1, "name": "Editor", "description": "Edits."},
        "roleDelete": role,
    }


def _links(place: Place) -> dict[str, Input]:
    account = {"accountId": place.account.id}
    because = {"accountId": place.account.id, "reason": "because"}
    return {
        "parentAccessUpdate": because | {"expectedVersion": 1, "parentAccess": "NONE"},
        "parentAccessAnswer": account | {"parentAccess": "READ_ONLY", "accept": True},
        "parentAccessWithdraw": account | {"parentAccess": "READ_ONLY"},
        "breakGlassOpen": because | {"accountId": place.glass.id, "hours": 24},
        "breakGlassEnd": {"breakGlassId": place.opening.id},
    }


def _staff(place: Place) -> dict[str, Input]:
    account = {"accountId": place.account.id}
    because = {"accountId": place.account.id, "reason": "because"}
    override = {"accountId": place.account.id, "overrideId": place.override.id}
    return {
        "subaccountsRequest": account | because,
        "subaccountsRequestDecline": account | because,
        "subaccountsRequestWithdraw": account,
        "overrideCreate": account
        | because
        | {"kind": "SENDING_DOMAINS", "sendingDomains": 2, "expiresAt": _next_year()}
        | {"unsubscribeScope": None, "fieldFunctions": None, "memberId": None, "permissions": None},
        "overrideApprove": override,
        "overrideEnd": override | because,
    }


def _credit(place: Place) -> dict[str, Input]:
    account = {"accountId": place.account.id}
    paid = {"paymentMethodId": place.method.id}
    return {
        "creditTransfer": {"fromAccountId": place.master.id, "toAccountId": place.account.id}
        | {"amount": 5, "memo": "May", "idempotencyKey": "4"},
        "creditModeUpdate": account | {"expectedVersion": 1, "mode": "SHARED_POOL"},
        "creditTopUp": account | paid | {"amount": "5", "idempotencyKey": "5"},
        "paymentMethodAdd": account | {"reference": "visa-1", "label": "Visa"},
        "paymentMethodRemove": paid,
        "topUpRuleUpdate": account
        | paid
        | {"expectedVersion": 1, "threshold": "5", "amount": "10", "dailyMaximum": "30"},
        "topUpRuleRemove": account,
    }


def _plans_and_sends(place: Place) -> dict[str, Input]:
    account = {"accountId": place.account.id}
    reserved = {"reservationId": place.reservation.id}
    return {
        "planChange": {"accountId": place.master.id, "planId": STARTER.id}
        | {"expectedVersion": 1, "timeZone": "Europe/Paris"},
        "planChangeWithdraw": account | {"expectedVersion": 1},
        "limitIncrease": account | {"blocks": 1, "idempotencyKey": "6"},
        "sendReserve": account
        | {"stream": "MARKETING", "recipients": None, "recipientHashes": None}
        | {"recipientListId": place.recipients.id, "idempotencyKey": "7", "label": "Spring"},
        "sendCommit": reserved,
        "sendVoid": reserved,
        "sendBudgetUpdate": account | {"expectedVersion": 1, "cap": 5, "guarantee": 0},
        "creditBudgetUpdate": {"accountId": place.glass.id, "expectedVersion": 1}
        | {"cap": "5", "guarantee": "0"},
    }


def _billing(place: Place) -> dict[str, Input]:
    account = {"accountId": place.account.id}
    return {
        "billingModeUpdate": account | {"expectedVersion": 1, "mode": "SEPARATE"},
        "billingDetailsUpdate": account
        | {"expectedVersion": 1, "name": "Hotel Ltd", "street": "Rue 1", "postcode": "75001", "city": "Paris"}
        | {"country": "FR", "vatId": "FR12345678901", "email": _address(place)},
    }


def _address(place: Place) -> str:
    """Nobody's."""
    return f"new-{place.account.key.hex}@example.com"


def _next_year() -> str:
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=365)).isoformat()


FOR_ALL_ACCOUNTS = {"overrideCreate", "overrideApprove", "overrideEnd", "subaccountsRequestDecline"}
"""Their callers are platform staff, for whom no account is foreign."""
NOT_IN_SELF_SERVICE = {"subaccountsRequest"}
"""Where subaccounts are self-service, nothing is to be asked for: tests/areas/staff has its story."""


ID_FIELDS = {
    "accountId": Kind.ACCOUNT,
    "accountIds": Kind.ACCOUNT,
    "shareId": Kind.SHARE,
    "overrideId": Kind.OVERRIDE,
    "parentId": Kind.ACCOUNT,
    "memberId": Kind.MEMBER,
    "toMemberId": Kind.MEMBER,
    "fromMemberId": Kind.MEMBER,
    "roleId": Kind.ROLE,
    "invitationId": Kind.INVITATION,
    "apiKeyId": Kind.API_KEY,
    "breakGlassId": Kind.BREAK_GLASS,
    "fromAccountId": Kind.ACCOUNT,
    "toAccountId": Kind.ACCOUNT,
    "paymentMethodId": Kind.PAYMENT_METHOD,
    "planId": Kind.PLAN,
    "reservationId": Kind.SEND_RESERVATION,
    "recipientListId": Kind.RECIPIENT_LIST,
}
"""The fields of inputs that name something, and what."""
