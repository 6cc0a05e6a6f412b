"""What is the same request under an idempotency key: what means the same, however it is written (T17)."""

import datetime
import hashlib
from dataclasses import dataclass, field
from typing import Any

import pytest
from graphql import GraphQLInputObjectType

from authz.policy.builtin_roles import BuiltinRole
from tests.bad_input.place import stored
from tests.client.api import INPUT_TYPES, Api
from tests.client.mutations import ROLE_IDS, attempt
from tests.client.schema import SCHEMA
from tests.world.brand import Brand
from tests.world.credit import EURO, give_credit, give_payment_method, own_balances
from tests.world.plans import make_plan, subscribe
from tests.world.world import World

_MOMENT = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=400)).replace(microsecond=0, hour=12)
_SAME_MOMENTS = (
    _MOMENT.strftime("%Y-%m-%dT12:00:00Z"),
    _MOMENT.strftime("%Y-%m-%dT14:00:00+02:00"),
    _MOMENT.strftime("%Y-%m-%dT12:00:00.000+00:00"),
)
_LATER = _MOMENT.strftime("%Y-%m-%dT12:00:00+02:00")
_TEXTS = ("Café Lumière", " Cafe\u0301 Lumie\u0300re ")


@dataclass(frozen=True)
class Spellings:
    """Values of a field that mean the same, and those that mean something else."""

    same: tuple[Any, ...]
    others: tuple[Any, ...]


LEFT_OUT = object()
_ADDRESSES = Spellings(("Ann@Bücher.com", " ann@xn--bcher-kva.COM "), ("ann.x@xn--bcher-kva.com",))
_AMOUNTS = Spellings(("1000000", 1_000_000), ("1000001",))


@dataclass
class Retry:
    """A mutation's fields and their spellings; `fixed` has one spelling alone, such as an id."""

    fixed: dict[str, Any]
    spelled: dict[str, Spellings]
    other_accounts: dict[str, Any] = field(default_factory=dict)
    """Values of fixed fields that mean something else and belong to the same key."""


_MOMENTS = Spellings(_SAME_MOMENTS, (_LATER, None))


@pytest.fixture
async def retries(brand: Brand, world: World) -> dict[str, Retry]:
    """Every mutation that takes a key."""
    plan = await make_plan(world, active_contacts=100, sends=1000, block_price=1)
    await subscribe(world, brand.master, plan)
    await own_balances(world, brand.us, brand.uk)
    await give_credit(world, brand.master, 50 * EURO)
    methods = [(await give_payment_method(world, brand.master)).id for _ in range(2)]
    return {**_of_people(brand), **_of_money(brand, methods), **_of_sends(brand.master.id)}


def _of_people(brand: Brand) -> dict[str, Retry]:
    us, uk, master = brand.us.id, brand.uk.id, brand.master.id
    return {
        "subaccountCreate": Retry(
            {"parentId": master, "copyFrom": us},
            {
                "name": Spellings(_TEXTS, ("CAFÉ LUMIÈRE",)),
                "externalId": Spellings(("é-1", "e\u0301-1 "), ("É-1", None)),
                "ownerEmail": _ADDRESSES,
                "copy": Spellings(
                    (["LANGUAGE", "TIME_ZONE"], ["TIME_ZONE", "LANGUAGE"] * 2), (["LANGUAGE"],)
                ),
            },
            {"copyFrom": uk},
        ),
        "memberInvite": Retry(
            {"accountId": us, "roleId": ROLE_IDS[BuiltinRole.ANALYST]},
            {"email": _ADDRESSES, "expiresAt": _MOMENTS},
            {"roleId": ROLE_IDS[BuiltinRole.MARKETER]},
        ),
        "shareCreate": Retry(
            {"roleId": LEFT_OUT},
            {
                "accountIds": Spellings(([us, uk], [uk, us, uk]), ([us],)),
                "email": _ADDRESSES,
                "areas": Spellings((["CONTACTS", "CAMPAIGNS"], ["CAMPAIGNS", "CONTACTS"]), (["CONTACTS"],)),
                "hiddenAreas": Spellings((LEFT_OUT, []), (["CONTACTS"],)),
                "expiresAt": _MOMENTS,
            },
        ),
    }


def _of_money(brand: Brand, methods: list[str]) -> dict[str, Retry]:
    master = brand.master.id
    return {
        "creditTransfer": Retry(
            {"fromAccountId": master, "toAccountId": brand.us.id},
            {"amount": _AMOUNTS, "memo": Spellings(_TEXTS, ("x", None))},
            {"toAccountId": brand.uk.id},
        ),
        "creditTopUp": Retry(
            {"accountId": master, "paymentMethodId": methods[0]},
            {"amount": _AMOUNTS},
            {"paymentMethodId": methods[1]},
        ),
        "limitIncrease": Retry({"accountId": master}, {"blocks": Spellings((1,), (2,))}),
    }


def _of_sends(account_id: str) -> dict[str, Retry]:
    sending = {
        "accountId": account_id,
        "stream": "MARKETING",
        "recipientListId": LEFT_OUT,
        "contactListId": LEFT_OUT,
    }
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in ("a@example.com", "b@example.com")]
    addresses = Spellings(
        (["a@example.com", "B@example.com"], ["b@EXAMPLE.com", "a@example.com", "A@example.com "]),
        (["a@example.com"],),
    )
    return {
        "sendReserve": Retry(
            sending | {"recipientHashes": LEFT_OUT},
            {"recipients": addresses, "label": Spellings(("Été", " e\u0301te\u0301 "), ("Ete", None))},
            {"stream": "TRANSACTIONAL"},
        ),
        "sendReserve hashed": Retry(
            sending | {"recipients": LEFT_OUT},
            {
                "recipientHashes": Spellings((hashes, [hashes[1].upper(), *hashes]), (hashes[:1],)),
                "label": Spellings((LEFT_OUT, None), ("x",)),
            },
        ),
    }


_SELECTION = "replayed "


def _input(fixed: dict[str, Any], spelled: dict[str, Any], key: str) -> dict[str, Any]:
    values = fixed | spelled | {"idempotencyKey": key}
    return {name: value for name, value in values.items() if value is not LEFT_OUT}


def _fields(mutation: str) -> set[str]:
    name = INPUT_TYPES.get(mutation, f"{mutation[0].upper()}{mutation[1:]}Input")
    written = SCHEMA.type_map[name]
    assert isinstance(written, GraphQLInputObjectType)
    return set(written.fields)


async def test_every_field_of_every_write_under_a_key_has_its_spellings(retries: dict[str, Retry]) -> None:
    assert SCHEMA.mutation_type is not None
    mutations = [name for name, made in SCHEMA.mutation_type.fields.items() if "input" in made.args]
    keyed = {name for name in mutations if "idempotencyKey" in _fields(name)}
    assert {name.split()[0] for name in retries} == keyed
    for name, retry in retries.items():
        wanted = _fields(name.split()[0]) - {"idempotencyKey", "dryRun"}
        assert retry.fixed.keys() | retry.spelled.keys() == wanted, name


async def test_another_spelling_is_a_retry_and_another_meaning_is_none(
    api: Api, brand: Brand, world: World, retries: dict[str, Retry]
) -> None:
    for number, (name, retry) in enumerate(retries.items()):
        mutation, key = name.split()[0], f"key {number}"
        usual = {of: spellings.same[0] for of, spellings in retry.spelled.items()}
        first = await attempt(api, mutation, brand.owner, _SELECTION, **_input(retry.fixed, usual, key))
        assert (first.code, first.payload.get("replayed")) == ("", False), (name, first)
        before = await stored(world)
        for of, spellings in retry.spelled.items():
            for value in spellings.same:
                again = await attempt(
                    api, mutation, brand.owner, _SELECTION, **_input(retry.fixed, usual | {of: value}, key)
                )
                assert (again.code, again.payload["replayed"]) == ("", True), (name, of, value)
            for value in spellings.others:
                other = await attempt(
                    api, mutation, brand.owner, _SELECTION, **_input(retry.fixed, usual | {of: value}, key)
                )
                assert other.code == "IDEMPOTENCY_MISMATCH", (name, of, value)
        for of, value in retry.other_accounts.items():
            other = await attempt(
                api, mutation, brand.owner, _SELECTION, **_input(retry.fixed | {of: value}, usual, key)
            )
            assert other.code == "IDEMPOTENCY_MISMATCH", (name, of)
        assert await stored(world) == before, name
