-- Writes one transaction, or nothing: then it returns the balances that would fall below their floor, with
-- what is in them. It locks the books in the order of their accounts, so that two transactions never wait for
-- each other. An entry takes its time behind the locks: within an account time never runs backwards, and the
-- balance at a past moment is that of the last entry until then.
--
-- What is in the books is read once, behind their locks; hashes are made in memory; one statement writes all.
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
  due record;
  planned_books uuid[];
  planned_kinds text[];
  planned_changes bigint[];
  amounts bigint[];
  places bigint[];
  before_hashes bytea[];
  after_hashes bytea[];
BEGIN
  IF NOT tree = ANY(string_to_array(coalesce(current_setting('mandant.trees', true), ''), ',')::uuid[]) THEN
    RAISE EXCEPTION 'the tree is not open' USING ERRCODE = 'insufficient_privilege';
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
  SELECT array_agg(book ORDER BY book, planned.kind), array_agg(planned.kind ORDER BY book, planned.kind),
      array_agg(change ORDER BY book, planned.kind), array_agg(balance.amount ORDER BY book, planned.kind),
      array_agg(entry_count ORDER BY book, planned.kind), array_agg(head ORDER BY book, planned.kind),
      greatest(clock_timestamp(), max(changed_at))
    INTO planned_books, planned_kinds, planned_changes, amounts, places, before_hashes, moment
    FROM unnest(books, kinds, changes) AS planned (book, kind, change)
    JOIN ledgers AS ledger ON ledger.master_id = tree AND ledger.account_id = planned.book
    LEFT JOIN ledger_balances AS balance
      ON balance.master_id = tree AND balance.account_id = planned.book AND balance.kind = planned.kind;
  IF (SELECT sum(change) FROM unnest(planned_changes) AS change) IS DISTINCT FROM 0 THEN
    RAISE EXCEPTION 'the entries do not sum to zero' USING ERRCODE = 'check_violation';
  END IF;
  FOR each IN 1..cardinality(planned_books) LOOP
    IF each > 1 AND planned_books[each] = planned_books[each - 1]
        AND planned_kinds[each] = planned_kinds[each - 1] THEN
      RAISE EXCEPTION 'a balance is changed twice' USING ERRCODE = 'check_violation';
    END IF;
    IF planned_kinds[each] <> 'OUTSIDE' AND coalesce(amounts[each], 0) + planned_changes[each] < 0 THEN
      short_account := planned_books[each];
      short_kind := planned_kinds[each];
      short_amount := coalesce(amounts[each], 0);
      RETURN NEXT;
    END IF;
  END LOOP;
  IF short_account IS NOT NULL THEN
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM budgets WHERE master_id = tree AND currency = 'CREDIT' AND guarantee > 0) THEN
    RETURN QUERY
      SELECT planned.book, planned.kind, greatest(planned.amount - kept.amount, 0)
      FROM unnest(planned_books, planned_kinds, planned_changes, amounts)
        AS planned (book, kind, change, amount)
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(promised.amount), 0)::bigint AS amount
        FROM mandant_kept_credit(tree, planned.book, NULL) AS promised
      ) AS kept
      WHERE planned.kind = 'CREDIT' AND planned.change < 0 AND planned.amount + planned.change < kept.amount
        AND planned.book = ANY(coalesce(guarded, books));
    IF FOUND THEN
      RETURN;
    END IF;
  END IF;
  FOR each IN 1..cardinality(planned_books) LOOP
    IF each > 1 AND planned_books[each] = planned_books[each - 1] THEN
      places[each] := places[each - 1] + 1;
      before_hashes[each] := after_hashes[each - 1];
    ELSE
      places[each] := places[each] + 1;
    END IF;
    after_hashes[each] := sha256(before_hashes[each] || convert_to(concat_ws('|',
      planned_books[each], places[each], posted, reason, planned_kinds[each], planned_changes[each],
      coalesce(amounts[each], 0) + planned_changes[each], (extract(epoch FROM moment) * 1000000)::bigint,
      coalesce(note, '')), 'UTF8'));
  END LOOP;
  WITH entry AS (
    SELECT *
    FROM unnest(planned_books, planned_kinds, planned_changes, amounts, places, before_hashes, after_hashes)
      AS planned (book, kind, change, amount, place, before_hash, after_hash)
  ), entered AS (
    SELECT book, kind, change, place, before_hash, after_hash, amount IS NULL AS is_new,
      coalesce(amount, 0) + change AS amount_after
    FROM entry
  ), moved AS (
    INSERT INTO ledger_transactions (master_id, id, kind, actor_user_id, actor_api_key_id, memo, created_at)
      VALUES (tree, posted, reason, actor_user, actor_key, note, moment)
  ), changed AS (
    UPDATE ledger_balances AS balance SET amount = amount_after FROM entered
      WHERE NOT is_new AND balance.master_id = tree AND balance.account_id = book
        AND balance.kind = entered.kind
  ), made AS (
    INSERT INTO ledger_balances (master_id, account_id, kind, amount)
      SELECT tree, book, kind, amount_after FROM entered WHERE is_new
  ), written AS (
    INSERT INTO ledger_entries (master_id, account_id, sequence, transaction_id, balance, amount,
        balance_after, previous_hash, hash, created_at)
      SELECT tree, book, place, posted, kind, change, amount_after, before_hash, after_hash, moment
      FROM entered
  )
  UPDATE ledgers AS ledger SET entry_count = place, head = after_hash, changed_at = moment FROM entered
    WHERE ledger.master_id = tree AND ledger.account_id = book
      AND NOT EXISTS (
        SELECT FROM entered AS later WHERE later.book = entered.book AND later.place > entered.place);
  FOR due IN
    UPDATE top_up_rules AS rule SET due_at = coalesce(rule.due_at, moment)
      FROM ledger_balances AS credit
      WHERE rule.master_id = tree AND rule.account_id = ANY(books) AND rule.paused_at IS NULL
        AND credit.master_id = tree AND credit.account_id = rule.account_id AND credit.kind = 'CREDIT'
        AND credit.amount < rule.threshold
      RETURNING rule.account_id AS book, rule.due_at
  LOOP
    IF due.due_at = moment THEN
      PERFORM mandant_enqueue('$top_up', tree, due.book, NULL);
    END IF;
  END LOOP;
END
$body$;
