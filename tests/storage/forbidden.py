"""What the application's role must not be able to do."""

import uuid

from sqlalchemy import delete, func, insert, update
from sqlalchemy.sql.dml import UpdateBase

from authz.policy.builtin_roles import BuiltinRole
from models.access.expiry_notices import expiry_notices
from models.accounts.tables import account_closure, accounts
from models.api_keys.tables import api_keys
from models.base.clock import clock
from models.billing.invoices import invoice_numbers, invoices
from models.billing.status_history import account_status_changes
from models.billing.tables import billing_details, billing_mode_choices, charged_cycles, charges
from models.budgets.tables import budgets, credit_counts
from models.credit.tables import ledger_balances, ledger_entries, ledger_transactions, ledgers
from models.effects.events import events
from models.effects.idempotency import idempotency_records
from models.invitations.tables import invitations
from models.members.ownership_offers import ownership_offers
from models.members.tables import memberships
from models.parent_access.openings import break_glass_openings
from models.parent_access.requests import parent_access_requests
from models.payments.tables import payment_methods, top_ups
from models.people.users import users
from models.plans.tables import limit_increases, plan_choices, plans, subscriptions
from models.review.tables import review_samples, reviews
from models.roles.tables import role_policy_lines, roles
from models.sending.recipient_lists import recipient_list_parts, recipient_lists
from models.sending.tables import active_contacts, send_counts, send_cycles, send_labels, send_reservations
from models.shares.tables import share_accounts, shares
from models.staff.overrides import overrides
from models.staff.subaccounts_requests import subaccounts_requests
from models.staff.tables import staff, staff_changes

_NOBODYS = {"master_id": uuid.uuid4(), "account_id": uuid.uuid4()}
FORBIDDEN: dict[str, UpdateBase] = {
    "change an event": update(events).values(type="account.created"),
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
    "move what is offered": update(ownership_offers).values(account_id=uuid.uuid4()),
    "give a membership to somebody else": update(memberships).values(user_id=uuid.uuid4()),
    "move a membership": update(memberships).values(account_id=uuid.uuid4()),
    "bind a key to another stream": update(api_keys).values(purpose=None),
    "change what a key's creator chose": update(api_keys).values(when_maker_loses_access="KEEP"),
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
    "change what staff look at": update(review_samples).values(source="other"),
    "remove what staff look at": delete(review_samples),
    "move a review": update(reviews).values(account_id=uuid.uuid4()),
    "remove a review": delete(reviews),
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
    "change when an account was suspended": update(account_status_changes).values(status="ACTIVE"),
    "forget when an account was suspended": delete(account_status_changes),
}
"""By what it would be."""
