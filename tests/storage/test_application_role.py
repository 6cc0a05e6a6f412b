"""The role that the server acts as: it owns nothing, bypasses nothing, and what is only added stays."""

import uuid

import pytest
import sqlalchemy.exc
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.dml import UpdateBase

from authz.builtin_roles import BuiltinRole
from models.accounts import account_closure, accounts
from models.api_keys import api_keys
from models.base import APPLICATION_ROLE, metadata
from models.billing import billing_details, billing_mode_choices, charged_cycles, charges
from models.break_glass import break_glass_openings
from models.budgets import budgets, credit_counts
from models.clock import clock
from models.events import events
from models.expiry_notices import expiry_notices
from models.idempotency import idempotency_records
from models.identifiers import new_id
from models.invitations import invitations
from models.invoices import invoice_numbers, invoices
from models.ledger import ledger_balances, ledger_entries, ledger_transactions, ledgers
from models.members import memberships
from models.overrides import overrides
from models.parent_access import parent_access_requests
from models.payments import payment_methods, top_ups
from models.plans import limit_increases, plan_choices, plans, subscriptions
from models.recipient_lists import recipient_list_parts, recipient_lists
from models.roles import role_policy_lines, roles
from models.sends import active_contacts, send_counts, send_cycles, send_labels, send_reservations
from models.shares import share_accounts, shares
from models.staff import staff, staff_changes
from models.subaccounts_requests import subaccounts_requests
from models.users import users
from tests.world import Account, World

_INSUFFICIENT_PRIVILEGE = "42501"
_CHECK_VIOLATION = "23514"
_FOREIGN_KEY_VIOLATION = "23503"
_UNIQUE_VIOLATION = "23505"

_NOBODYS = {"master_id": uuid.uuid4(), "account_id": uuid.uuid4()}
FORBIDDEN: dict[str, UpdateBase] = {
    "change an event": update(events).values(kind="account.created"),
    "remove an event": delete(events),
    "change an idempotency record": update(idempotency_records).values(operation="other"),
    "remove an idempotency record": delete(idempotency_records),
    "move an account": update(accounts).values(parent_id=uuid.uuid4()),
    "move an account to another tree": update(accounts).values(master_id=uuid.uuid4()),
    "remove an account": delete(accounts),
    "change the tree": update(account_closure).values(depth=1),
    "cut the tree": delete(account_closure),
    "prolong broken glass": update(break_glass_openings).values(expires_at=None),
    "say that somebody else broke the glass": update(break_glass_openings).values(user_id=uuid.uuid4()),
    "forget that the glass was broken": delete(break_glass_openings),
    "move what is asked for": update(parent_access_requests).values(account_id=uuid.uuid4()),
    "give a membership to somebody else": update(memberships).values(user_id=uuid.uuid4()),
    "move a membership": update(memberships).values(account_id=uuid.uuid4()),
    "bind a key to another stream": update(api_keys).values(purpose=None),
    "change what a key's maker chose": update(api_keys).values(when_maker_loses_access="KEEP"),
    "say that somebody else made a key": update(api_keys).values(creator_user_id=None),
    "give a key another role": update(api_keys).values(role_id=BuiltinRole.OWNER.id),
    "move a key": update(api_keys).values(account_id=uuid.uuid4()),
    "remove a key": delete(api_keys),
    "send an invitation to somebody else": update(invitations).values(email_canonical="x@example.com"),
    "widen an invitation": update(invitations).values(role_id=BuiltinRole.OWNER.id),
    "remove an invitation": delete(invitations),
    "give a share to another address": update(shares).values(email_canonical="x@example.com"),
    "change a share's secret": update(shares).values(digest=b""),
    "move a share": update(shares).values(master_id=uuid.uuid4()),
    "remove a share": delete(shares),
    "move what a share opens": update(share_accounts).values(account_id=uuid.uuid4()),
    "make a built-in role": insert(roles).values(
        id=uuid.uuid4(), name="GOD", member_mask=-1, ancestor_mask=-1, inherited_mask=-1
    ),
    "remove a role": delete(roles),
    "make a role of an account a built-in one": update(roles).values(account_id=None, master_id=None),
    "give a role to another account": update(roles).values(account_id=uuid.uuid4()),
    "change the policy": update(role_policy_lines).values(effect="allow"),
    "add a line to a built-in role": insert(role_policy_lines).values(
        role_id=BuiltinRole.ANALYST.id, relation="member", area="*", action="*", effect="allow"
    ),
    "remove a person": delete(users),
    "make somebody staff": insert(staff).values(user_id=uuid.uuid4(), role="APPROVER"),
    "give staff another role": update(staff).values(role="APPROVER"),
    "dismiss staff": delete(staff),
    "write into the book of the staff": insert(staff_changes).values(
        id=uuid.uuid4(), user_id=uuid.uuid4(), kind="ADDED", role="AGENT", made_by="nobody"
    ),
    "change the book of the staff": update(staff_changes).values(made_by="nobody"),
    "prolong an override": update(overrides).values(expires_at=None),
    "change what an override is": update(overrides).values(kind="SUBACCOUNTS"),
    "give an override another reason": update(overrides).values(reason="other"),
    "say that somebody else made an override": update(overrides).values(made_by=uuid.uuid4()),
    "remove an override": delete(overrides),
    "change what was asked": update(subaccounts_requests).values(reason="other"),
    "remove a request": delete(subaccounts_requests),
    "take back what was told": delete(expiry_notices),
    "say that something was told": insert(expiry_notices).values(
        master_id=uuid.uuid4(),
        account_id=uuid.uuid4(),
        grant_id=uuid.uuid4(),
        expires_at=func.now(),
        stage="DAY",
    ),
    "change the currency of a tree": update(accounts).values(currency="USD"),
    "write an entry by hand": insert(ledger_entries).values(**_NOBODYS, sequence=1),
    "change an entry": update(ledger_entries).values(amount=1),
    "remove an entry": delete(ledger_entries),
    "write a balance by hand": insert(ledger_balances).values(**_NOBODYS, kind="CREDIT", amount=1),
    "change a balance": update(ledger_balances).values(amount=1),
    "remove a balance": delete(ledger_balances),
    "change a ledger transaction": update(ledger_transactions).values(memo="other"),
    "remove a ledger transaction": delete(ledger_transactions),
    "cut a chain of entries": update(ledgers).values(entry_count=0),
    "remove an account's books": delete(ledgers),
    "pay with something else": update(payment_methods).values(reference="other"),
    "remove a payment method": delete(payment_methods),
    "change what was paid": update(top_ups).values(amount=1),
    "remove a top-up": delete(top_ups),
    "say that a rule asked for a top-up": update(top_ups).values(automatic=True),
    "move the clock": insert(clock).values(id=1, ahead=1),
    "put the clock back": delete(clock),
    "change a plan's price": update(plans).values(price=0),
    "add a plan": insert(plans).values(id=uuid.uuid4()),
    "change whose subscription it is": update(subscriptions).values(account_id=uuid.uuid4()),
    "end a subscription": delete(subscriptions),
    "change the plan that was chosen": update(plan_choices).values(holds_from=func.now()),
    "remove the plan that was chosen": delete(plan_choices),
    "change what was bought": update(limit_increases).values(contacts=1000),
    "remove what was bought": delete(limit_increases),
    "change whose cycle it is": update(send_cycles).values(account_id=uuid.uuid4()),
    "remove a cycle": delete(send_cycles),
    "change a contact": update(active_contacts).values(digest=b""),
    "remove what an account has sent": delete(send_counts),
    "change a label": update(send_labels).values(label="other"),
    "remove a label": delete(send_labels),
    "give sends another label": update(send_reservations).values(label="other"),
    "remove what an account has spent": delete(credit_counts),
    "change what a budget is counted in": update(budgets).values(currency="SENDS"),
    "change a reservation's sends": update(send_reservations).values(recipients=1),
    "let a reservation live longer": update(send_reservations).values(expires_at=func.now()),
    "remove a reservation": delete(send_reservations),
    "let a list live longer": update(recipient_lists).values(expires_at=func.now()),
    "send to others than were uploaded": update(recipient_list_parts).values(digests=[]),
    "remove a list": delete(recipient_lists),
    "remove who is in a list": delete(recipient_list_parts),
    "write an invoice by hand": insert(invoices).values(**_NOBODYS, id=uuid.uuid4()),
    "change an invoice": update(invoices).values(net=0),
    "remove an invoice": delete(invoices),
    "give an invoice another document": update(invoices).values(xml=""),
    "leave a number out": update(invoice_numbers).values(last=5),
    "begin numbers anew": delete(invoice_numbers),
    "write a line by hand": insert(charges).values(
        **_NOBODYS, id=uuid.uuid4(), invoice_id=uuid.uuid4(), position=1
    ),
    "put a charge on an invoice": update(charges).values(invoice_id=uuid.uuid4()),
    "change a charge": update(charges).values(amount=0),
    "remove a charge": delete(charges),
    "change who was billed": update(billing_mode_choices).values(mode="SEPARATE"),
    "remove who was billed": delete(billing_mode_choices),
    "remove billing details": delete(billing_details),
    "close cycles anew": delete(charged_cycles),
}


def _in(master: Account) -> str:
    """As if who asks were in the tree (see `authz.row_security`)."""
    return f"SELECT set_config('mandant.trees', '{{{master.key}}}', true)"


async def _sqlstate(engine: AsyncEngine, *statements: UpdateBase | str) -> str | None:
    """Why the last of the statements is refused; None: it is not. Nothing is kept."""
    async with engine.connect() as connection:
        try:
            for statement in statements:
                await connection.execute(text(statement) if isinstance(statement, str) else statement)
        except sqlalchemy.exc.DBAPIError as error:
            return getattr(error.orig, "sqlstate", None)
        finally:
            await connection.rollback()
    return None


async def test_the_server_acts_as_that_role(application: AsyncEngine) -> None:
    async with application.connect() as connection:
        assert (await connection.execute(text("SELECT current_user"))).scalar_one() == APPLICATION_ROLE


async def test_it_has_no_power_of_its_own(database: AsyncEngine) -> None:
    powers = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication")
    statement = text(f"SELECT {', '.join(powers)} FROM pg_roles WHERE rolname = :role")
    memberships_of = text(
        "SELECT count(*) FROM pg_auth_members JOIN pg_roles ON pg_roles.oid = member WHERE rolname = :role"
    )
    async with database.connect() as connection:
        row = (await connection.execute(statement, {"role": APPLICATION_ROLE})).one()
        assert tuple(row) == (False,) * len(powers)
        assert (await connection.execute(memberships_of, {"role": APPLICATION_ROLE})).scalar_one() == 0


async def test_it_owns_nothing(database: AsyncEngine) -> None:
    owned = text(
        "SELECT count(*) FROM pg_shdepend JOIN pg_roles ON pg_roles.oid = refobjid "
        "WHERE deptype = 'o' AND rolname = :role"
    )
    async with database.connect() as connection:
        assert (await connection.execute(owned, {"role": APPLICATION_ROLE})).scalar_one() == 0


@pytest.mark.parametrize("name", FORBIDDEN)
async def test_it_cannot(application: AsyncEngine, name: str) -> None:
    assert await _sqlstate(application, FORBIDDEN[name]) == _INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.more (id int)",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "DROP TABLE events",
        *(f"TRUNCATE {table.name}" for table in metadata.sorted_tables),
    ],
)
async def test_it_cannot_change_the_schema_or_empty_a_table(application: AsyncEngine, statement: str) -> None:
    assert await _sqlstate(application, statement) == _INSUFFICIENT_PRIVILEGE


async def test_it_changes_the_roles_of_accounts_alone(
    application: AsyncEngine, database: AsyncEngine, world: World
) -> None:
    """What is built in is out of its sight for changes: a statement over all rows leaves it as it is."""
    custom = await world.role(await world.account())
    built_in = [role.id for role in BuiltinRole]
    async with application.connect() as connection:
        changed = update(roles).values(member_mask=-1).returning(roles.c.id)
        widened = {row.id for row in await connection.execute(changed)}
        removed = delete(role_policy_lines).returning(role_policy_lines.c.role_id)
        emptied = {row.role_id for row in await connection.execute(removed)}
        await connection.rollback()
    assert custom.key in widened & emptied
    assert not (widened | emptied).intersection(built_in)
    async with database.connect() as connection:
        owners_own = await connection.execute(
            update(roles).where(roles.c.id.in_(built_in)).values(name=roles.c.name).returning(roles.c.id)
        )
        assert len(owners_own.all()) == len(built_in)
        await connection.rollback()


async def test_it_can_what_the_product_does(application: AsyncEngine, world: World) -> None:
    """Else the tests above would pass for a role that may do nothing at all."""
    account = await world.account()
    this = accounts.c.master_id == account.master
    assert await _sqlstate(application, _in(account), update(accounts).where(this).values(name="New")) is None
    assert await _sqlstate(application, "SELECT 1 FROM events") is None


async def test_a_tree_cannot_be_bent_into_a_circle(application: AsyncEngine, world: World) -> None:
    """An account's parent is never changed, and the closure has no place for a way back to the start."""
    master = await world.account()
    parent = await world.account(master)
    child = await world.account(parent)

    def path(ancestor: uuid.UUID, descendant: uuid.UUID, depth: int) -> UpdateBase:
        row = {"ancestor_id": ancestor, "descendant_id": descendant, "depth": depth}
        return insert(account_closure).values(master_id=master.key, **row)

    back_to_itself = path(parent.key, parent.key, 2)
    second_parent = path(child.key, parent.key, 1)
    second_distance = path(master.key, child.key, 5)
    too_deep = path(child.key, parent.key, 33)
    assert await _sqlstate(application, _in(master), back_to_itself) in {_CHECK_VIOLATION, _UNIQUE_VIOLATION}
    assert await _sqlstate(application, _in(master), second_parent) == _UNIQUE_VIOLATION
    assert await _sqlstate(application, _in(master), second_distance) == _UNIQUE_VIOLATION
    assert await _sqlstate(application, _in(master), too_deep) == _CHECK_VIOLATION


async def test_an_account_stands_below_one_of_its_own_tree(application: AsyncEngine, world: World) -> None:
    master, other = await world.account(), await world.account()

    def account(**values: uuid.UUID | None) -> UpdateBase:
        return insert(accounts).values(name="New", **values)

    new = new_id()
    cases = {
        "below another tree": (
            account(master_id=master.key, id=new, parent_id=other.key),
            _FOREIGN_KEY_VIOLATION,
        ),
        "below nothing that is there": (
            account(master_id=master.key, id=new, parent_id=new_id()),
            _FOREIGN_KEY_VIOLATION,
        ),
        "below itself": (account(master_id=master.key, id=new, parent_id=new), _CHECK_VIOLATION),
        "a second root": (account(master_id=master.key, id=new, parent_id=None), _CHECK_VIOLATION),
        "a root below": (account(master_id=new, id=new, parent_id=master.key), _INSUFFICIENT_PRIVILEGE),
    }
    for name, (statement, sqlstate) in cases.items():
        assert await _sqlstate(application, _in(master), statement) == sqlstate, name
    async with application.connect() as connection:
        assert (await connection.execute(select(accounts.c.id).where(accounts.c.id == new))).all() == []
