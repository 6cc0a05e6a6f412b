-- Locks an account and all above it, always from the root down, so that no two transactions wait for each
-- other. Above the account it locks in share mode; the account itself for update, where it is to be changed.
-- Its key never changes: rows that refer to it, such as the ledger's, can be written meanwhile.
CREATE OR REPLACE FUNCTION mandant_lock_path(tree uuid, lowest uuid, changes boolean)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
BEGIN
  PERFORM FROM account_closure AS path
    JOIN accounts AS above ON above.master_id = path.master_id AND above.id = path.ancestor_id
    WHERE path.master_id = tree AND path.descendant_id = lowest AND (path.depth > 0 OR NOT changes)
    ORDER BY path.depth DESC FOR SHARE OF above;
  IF changes THEN
    PERFORM FROM accounts WHERE master_id = tree AND id = lowest FOR NO KEY UPDATE;
    -- Who may change access locks an account so. What follows may tell who gained and lost what. A
    -- transaction that locks a second one has told its changes before: what others did to that one until
    -- now is not its own.
    PERFORM mandant_access_remember();
  END IF;
  RETURN true;
END
$body$;

-- The door of every write: the caller enters, what it names is locked, and behind the lock its rights there
-- are read. Each statement in here sees a new snapshot: what was revoked or suspended before the lock is
-- seen, and a later revocation waits until the transaction ends.
--
-- `hold`: see `authz.guards.door.Hold`. One row for each named account that the caller reaches, or one
-- without an account; no row where nobody has the token.
CREATE OR REPLACE FUNCTION mandant_door(
  principal_digest bytea, principal_address text, principal_kind text, link_digest bytea, enters boolean,
  hold text, wanted bigint, until timestamptz, account_ids uuid[]
)
RETURNS TABLE ($columns)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
DECLARE
  tree uuid;
  lowest uuid;
  held boolean := false;
BEGIN
  IF enters THEN
    enters := mandant_enter(principal_digest, principal_kind, link_digest);
  END IF;
  IF hold <> 'NOTHING' THEN
    SELECT master_id INTO tree FROM accounts WHERE id = account_ids[1];
    IF hold = 'LOWER_PATH' THEN
      SELECT descendant_id INTO lowest FROM account_closure
        WHERE master_id = tree AND depth > 0 AND (
          ancestor_id = account_ids[1] AND descendant_id = account_ids[2]
          OR ancestor_id = account_ids[2] AND descendant_id = account_ids[1]);
    ELSIF hold = 'TREE' THEN
      lowest := tree;
    ELSE
      lowest := account_ids[1];
    END IF;
    IF tree IS NOT NULL AND lowest IS NOT NULL THEN
      held := mandant_lock_path(tree, lowest, hold IN ('ACCOUNT', 'TREE'));
    END IF;
  END IF;
  IF coalesce(principal_kind, 'PERSON') = 'PERSON' THEN
    RETURN QUERY $of_person;
  END IF;
  IF coalesce(principal_kind, 'API_KEY') = 'API_KEY' THEN
    RETURN QUERY $of_key;
  END IF;
  IF coalesce(principal_kind, 'NARROWED_TOKEN') = 'NARROWED_TOKEN' THEN
    RETURN QUERY $of_token;
  END IF;
END
$body$;
