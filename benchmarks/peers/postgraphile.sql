-- What PostGraphile reads: views that hold the rules of visibility, for the principal in the transaction's
-- settings. peer.grants is what authz/reach/reach.py calls grants, peer.accounts is reach.
CREATE SCHEMA peer;
GRANT USAGE ON SCHEMA peer TO mandant_peers;

CREATE VIEW peer.grants AS
SELECT * FROM unnest(
  (SELECT current_setting('peer.master_ids')::uuid[]),
  (SELECT current_setting('peer.account_ids')::uuid[]),
  (SELECT current_setting('peer.own_masks')::bigint[]),
  (SELECT current_setting('peer.below_masks')::bigint[])
) AS g(master_id, account_id, own_mask, below_mask);

CREATE VIEW peer.accounts AS
SELECT a.id AS uuid, a.master_id, a.parent_id AS parent_uuid, 'acct_' || a.id AS id, a.name,
       CASE WHEN a.parent_id IS NULL THEN 'MASTER' ELSE 'SUBACCOUNT' END AS kind,
       path.status, a.version::integer AS version,
       (reach.mask & CASE
         WHEN a.status = 'CLOSED' OR path.inactive_above THEN 469381753505
         WHEN a.status = 'SUSPENDED' THEN 469381753517
         ELSE 1099511627775 END)::text AS permissions,
       CASE WHEN reach.mask & 128 <> 0 THEN a.id END AS members_of
FROM accounts a
CROSS JOIN LATERAL (
  SELECT bit_or(CASE WHEN c.depth = 0 THEN g.own_mask ELSE g.below_mask & c.passed_mask END) AS mask
  FROM account_closure c JOIN peer.grants g ON g.master_id = c.master_id AND g.account_id = c.ancestor_id
  WHERE c.master_id = a.master_id AND c.descendant_id = a.id
) reach
CROSS JOIN LATERAL (
  SELECT CASE WHEN bool_or(above.status = 'CLOSED') THEN 'CLOSED'
              WHEN bool_or(above.status = 'SUSPENDED') THEN 'SUSPENDED' ELSE 'ACTIVE' END AS status,
         bool_or(c.depth > 0 AND above.status <> 'ACTIVE') AS inactive_above
  FROM account_closure c JOIN accounts above ON above.master_id = c.master_id AND above.id = c.ancestor_id
  WHERE c.master_id = a.master_id AND c.descendant_id = a.id
) path
WHERE reach.mask & 1 <> 0;
COMMENT ON VIEW peer.accounts IS E'@name reached_account\n@primaryKey uuid';

CREATE FUNCTION peer.first_accounts(wanted integer) RETURNS SETOF peer.accounts LANGUAGE sql STABLE AS $$
  SELECT a.*
  FROM (
    SELECT DISTINCT stream.descendant_id FROM peer.grants g
    CROSS JOIN LATERAL (
      SELECT c.descendant_id FROM account_closure c
      WHERE c.master_id = g.master_id AND c.ancestor_id = g.account_id
        AND (c.depth = 0 AND g.own_mask & 1 <> 0 OR c.depth > 0 AND g.below_mask & 1 <> 0)
      ORDER BY c.descendant_id LIMIT wanted
    ) stream
    ORDER BY stream.descendant_id LIMIT wanted
  ) page
  JOIN peer.accounts a ON a.uuid = page.descendant_id
  ORDER BY a.uuid
$$;

CREATE VIEW peer.members AS
SELECT m.id AS uuid, m.account_id AS account_uuid, m.user_id AS user_uuid, 'memb_' || m.id AS id, r.name AS role_name
FROM memberships m JOIN roles r ON r.id = m.role_id
WHERE m.expires_at IS NULL OR m.expires_at > now();
COMMENT ON VIEW peer.members IS E'@name account_member\n@primaryKey uuid';

CREATE VIEW peer.users AS SELECT id AS uuid, 'user_' || id AS id, name, email FROM users;
COMMENT ON VIEW peer.users IS E'@name person\n@primaryKey uuid';

CREATE FUNCTION peer.update_account(wanted uuid, expected integer, new_name text) RETURNS SETOF peer.accounts
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  locked accounts;
  acting_from uuid;
BEGIN
  SELECT a.* INTO locked FROM accounts a JOIN peer.accounts reached ON reached.uuid = a.id
  WHERE a.id = wanted AND reached.permissions::bigint & 2 <> 0 FOR UPDATE OF a;
  IF NOT FOUND OR locked.version <> expected THEN RETURN; END IF;
  SELECT g.account_id INTO acting_from FROM account_closure c
  JOIN peer.grants g ON g.master_id = c.master_id AND g.account_id = c.ancestor_id
  WHERE c.master_id = locked.master_id AND c.descendant_id = locked.id
    AND (c.depth = 0 AND g.own_mask & 2 <> 0 OR c.depth > 0 AND g.below_mask & c.passed_mask & 2 <> 0)
  ORDER BY c.depth LIMIT 1;
  UPDATE accounts SET name = new_name, version = version + 1
  WHERE master_id = locked.master_id AND id = locked.id;
  INSERT INTO events (master_id, account_id, id, type, actor_user_id, actor_api_key_id, actor_account_id,
                      subject_id, before, after)
  VALUES (locked.master_id, locked.id, uuidv7(), 'account.updated',
          nullif(current_setting('peer.user_id'), '')::uuid, nullif(current_setting('peer.api_key_id'), '')::uuid,
          acting_from, 'acct_' || locked.id,
          jsonb_build_object('name', locked.name), jsonb_build_object('name', new_name));
  RETURN QUERY SELECT * FROM peer.accounts a WHERE a.uuid = locked.id;
END
$$;

CREATE TYPE peer.transfer AS (replayed boolean, from_uuid uuid);

-- No row: it was refused, and nothing is left of it.
CREATE FUNCTION peer.transfer_credit(source uuid, target uuid, amount bigint, memo text, key text)
RETURNS SETOF peer.transfer LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  tree uuid;
  person uuid := nullif(current_setting('peer.user_id'), '')::uuid;
  api_key uuid := nullif(current_setting('peer.api_key_id'), '')::uuid;
  posted uuid := uuidv7();
  request bytea := sha256(convert_to(concat_ws('|', 'creditTransfer', target, amount, coalesce(memo, '')), 'UTF8'));
BEGIN
  PERFORM FROM accounts a JOIN peer.accounts reached ON reached.uuid = a.id
  WHERE a.id IN (source, target) AND reached.permissions::bigint & 32768 <> 0 ORDER BY a.id FOR SHARE OF a;
  SELECT a.master_id INTO tree FROM accounts a JOIN peer.accounts reached ON reached.uuid = a.id
  JOIN account_closure c ON c.master_id = a.master_id AND c.depth > 0
    AND (c.ancestor_id = source AND c.descendant_id = target OR c.ancestor_id = target AND c.descendant_id = source)
  WHERE a.id IN (source, target) AND reached.permissions::bigint & 32768 <> 0
    AND (a.parent_id IS NULL OR a.credit_mode = 'OWN_BALANCE')
  GROUP BY a.master_id HAVING count(*) = 2;
  IF NOT FOUND THEN RETURN; END IF;
  BEGIN
    INSERT INTO idempotency_records (master_id, account_id, principal_id, key, operation, request_digest, result)
    VALUES (tree, source, coalesce(person, api_key), transfer_credit.key, 'creditTransfer', request,
            jsonb_build_object('transaction', posted))
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      PERFORM FROM idempotency_records r
      WHERE r.master_id = tree AND r.account_id = source AND r.principal_id = coalesce(person, api_key)
        AND r.key = transfer_credit.key AND r.request_digest = request;
      IF FOUND THEN RETURN NEXT (true, source)::peer.transfer; END IF;
      RETURN;
    END IF;
    PERFORM set_config('mandant.trees', tree::text, true);
    PERFORM FROM ledger_post(tree, posted, 'TRANSFER', person, api_key, memo, ARRAY[source, target],
                             ARRAY['CREDIT', 'CREDIT'], ARRAY[-amount, amount]);
    IF FOUND THEN RAISE EXCEPTION 'there is not that much credit' USING ERRCODE = 'UB001'; END IF;
  EXCEPTION WHEN SQLSTATE 'UB001' THEN
    RETURN;
  END;
  INSERT INTO events (master_id, account_id, id, type, actor_user_id, actor_api_key_id, actor_account_id,
                      subject_id, after)
  SELECT tree, side.account_id, uuidv7(), 'credit.transferred', person, api_key,
         (SELECT g.account_id FROM account_closure c
          JOIN peer.grants g ON g.master_id = c.master_id AND g.account_id = c.ancestor_id
          WHERE c.master_id = tree AND c.descendant_id = side.account_id
            AND (c.depth = 0 AND g.own_mask & 32768 <> 0 OR c.depth > 0 AND g.below_mask & c.passed_mask & 32768 <> 0)
          ORDER BY c.depth LIMIT 1),
         'ltrx_' || posted,
         jsonb_build_object('from', 'acct_' || source, 'to', 'acct_' || target, 'amount', amount::text)
  FROM unnest(ARRAY[source, target]) AS side(account_id);
  RETURN NEXT (false, source)::peer.transfer;
END
$$;

GRANT SELECT ON ALL TABLES IN SCHEMA peer TO mandant_peers;
