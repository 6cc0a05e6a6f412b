-- Writes one transaction, or nothing: then it returns the balances that would fall below their floor, with
-- what is in them. It locks the books in the order of their accounts, so that two transactions never wait for
-- each other. An entry takes its time behind the locks: within an account time never runs backwards, and the
-- balance at a past moment is that of the last entry until then.
--
-- A pool keeps credit free for accounts below it. Taking credit from a pool in `guarded` leaves that. An
-- account that takes what was guaranteed to it leaves the pool out; NULL guards all books.
--
-- Where less is left than an account's top-up rule wants, the rule becomes due and a job is put into the
-- queue. A rule that is due already is written all the same: that waits for a worker that is about to change
-- it.
CREATE OR REPLACE FUNCTION ledger_post(
  tree uuid, posted uuid, reason text, actor_user uuid, actor_key uuid, note text,
  books uuid[], kinds text[], changes bigint[], guarded uuid[] DEFAULT NULL
)
RETURNS TABLE (short_account uuid, short_kind text, short_amount bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  wanted integer := (SELECT count(DISTINCT book) FROM unnest(books) AS book);
  locked integer;
  moment timestamptz;
  entry record;
  after bigint;
  place bigint;
  before_hash bytea;
  after_hash bytea;
BEGIN
  IF NOT tree = ANY(string_to_array(coalesce(current_setting('mandant.trees', true), ''), ',')::uuid[]) THEN
    RAISE EXCEPTION 'the tree is not open' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF (SELECT sum(change) FROM unnest(changes) AS change) IS DISTINCT FROM 0 THEN
    RAISE EXCEPTION 'the entries do not sum to zero' USING ERRCODE = 'check_violation';
  END IF;
  IF (SELECT count(*) <> count(DISTINCT row(book, kind)) FROM unnest(books, kinds) AS named (book, kind)) THEN
    RAISE EXCEPTION 'a balance is changed twice' USING ERRCODE = 'check_violation';
  END IF;
  PERFORM FROM ledgers WHERE master_id = tree AND account_id = ANY(books) ORDER BY account_id FOR UPDATE;
  GET DIAGNOSTICS locked = ROW_COUNT;
  IF locked < wanted THEN
    INSERT INTO ledgers (master_id, account_id, currency, changed_at)
      SELECT tree, book, root.currency, clock_timestamp()
      FROM (SELECT DISTINCT book FROM unnest(books) AS book ORDER BY book) AS missing
      JOIN accounts AS root ON root.master_id = tree AND root.id = tree
      ON CONFLICT DO NOTHING;
    PERFORM FROM ledgers WHERE master_id = tree AND account_id = ANY(books) ORDER BY account_id FOR UPDATE;
  END IF;
  RETURN QUERY
    SELECT planned.book, planned.kind, coalesce(balance.amount, 0)
    FROM unnest(books, kinds, changes) AS planned (book, kind, change)
    LEFT JOIN ledger_balances AS balance
      ON balance.master_id = tree AND balance.account_id = planned.book AND balance.kind = planned.kind
    WHERE planned.kind <> 'OUTSIDE' AND coalesce(balance.amount, 0) + planned.change < 0;
  IF FOUND THEN
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM budgets WHERE master_id = tree AND currency = 'CREDIT' AND guarantee > 0) THEN
    RETURN QUERY
      SELECT planned.book, planned.kind, greatest(balance.amount - kept.amount, 0)
      FROM unnest(books, kinds, changes) AS planned (book, kind, change)
      JOIN ledger_balances AS balance
        ON balance.master_id = tree AND balance.account_id = planned.book AND balance.kind = planned.kind
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(promised.amount), 0)::bigint AS amount
        FROM mandant_kept_credit(tree, planned.book, NULL) AS promised
      ) AS kept
      WHERE planned.kind = 'CREDIT' AND planned.change < 0 AND balance.amount + planned.change < kept.amount
        AND planned.book = ANY(coalesce(guarded, books));
    IF FOUND THEN
      RETURN;
    END IF;
  END IF;
  moment := greatest(clock_timestamp(), (
    SELECT max(changed_at) FROM ledgers WHERE master_id = tree AND account_id = ANY (books)));
  INSERT INTO ledger_transactions (master_id, id, kind, actor_user_id, actor_api_key_id, memo, created_at)
    VALUES (tree, posted, reason, actor_user, actor_key, note, moment);
  FOR entry IN
    SELECT book, kind, change
    FROM unnest(books, kinds, changes) AS change_of (book, kind, change) ORDER BY book, kind
  LOOP
    UPDATE ledger_balances SET amount = amount + entry.change
      WHERE master_id = tree AND account_id = entry.book AND kind = entry.kind RETURNING amount INTO after;
    IF NOT FOUND THEN
      after := entry.change;
      INSERT INTO ledger_balances (master_id, account_id, kind, amount)
        VALUES (tree, entry.book, entry.kind, after);
    END IF;
    SELECT entry_count + 1, head INTO place, before_hash
      FROM ledgers WHERE master_id = tree AND account_id = entry.book;
    after_hash := sha256(before_hash || convert_to(concat_ws('|',
      entry.book, place, posted, reason, entry.kind, entry.change, after,
      (extract(epoch FROM moment) * 1000000)::bigint, coalesce(note, '')), 'UTF8'));
    INSERT INTO ledger_entries (master_id, account_id, sequence, transaction_id, balance, amount,
        balance_after, previous_hash, hash, created_at)
      VALUES (tree, entry.book, place, posted, entry.kind, entry.change,
        after, before_hash, after_hash, moment);
    UPDATE ledgers SET entry_count = place, head = after_hash, changed_at = moment
      WHERE master_id = tree AND account_id = entry.book;
  END LOOP;
  FOR entry IN
    UPDATE top_up_rules AS rule SET due_at = coalesce(rule.due_at, moment)
      FROM ledger_balances AS credit
      WHERE rule.master_id = tree AND rule.account_id = ANY(books) AND rule.paused_at IS NULL
        AND credit.master_id = tree AND credit.account_id = rule.account_id AND credit.kind = 'CREDIT'
        AND credit.amount < rule.threshold
      RETURNING rule.account_id AS book, rule.due_at
  LOOP
    IF entry.due_at = moment THEN
      PERFORM mandant_enqueue('$top_up', tree, entry.book, NULL);
    END IF;
  END LOOP;
END
$body$;
