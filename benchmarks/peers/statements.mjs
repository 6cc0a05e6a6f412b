// The statements of the servers that are written by hand. What a principal was granted is read once a request;
// the other statements take it as arrays ($1-$4), so that the rules of authz/reach.py hold in each of them.
import { statement } from './database.mjs';

const GRANTS = 'unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) AS g(master_id, account_id, own_mask, below_mask)';

const BELOW = "CASE WHEN a.rights_inheritance = 'ALL_ROLES' THEN r.inherited_mask ELSE r.ancestor_mask END";

// user_id, api_key_id, master_id, account_id, own_mask, below_mask; a known principal without grants has one row.
// A token's prefix tells which of the two finds it.
export const personAndGrants = statement('person_and_grants', `
WITH principal AS MATERIALIZED (
  SELECT user_id FROM sessions WHERE digest = $1 AND expires_at > now()
), grants AS (
  SELECT m.master_id, m.account_id, r.member_mask AS own_mask,
    ${BELOW} & CASE WHEN m.below_limit_until > now() THEN m.below_limit ELSE 1099511627775 END AS below_mask
  FROM principal p JOIN memberships m USING (user_id) JOIN roles r ON r.id = m.role_id
  JOIN accounts a ON a.master_id = m.master_id AND a.id = m.account_id
  WHERE m.expires_at IS NULL OR m.expires_at > now()
  UNION ALL
  SELECT o.master_id, o.account_id, coalesce(r.member_mask, s.areas_mask) & (s.hidden_mask # 1099511627775), 0
  FROM principal p JOIN shares s USING (user_id)
  JOIN share_accounts o ON o.master_id = s.master_id AND o.share_id = s.id LEFT JOIN roles r ON r.id = s.role_id
  WHERE s.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > now())
  UNION ALL
  SELECT o.master_id, o.account_id, opened.mask, opened.mask
  FROM principal p JOIN break_glass_openings o USING (user_id)
  CROSS JOIN LATERAL break_glass_grants(o.master_id, o.account_id, o.user_id) opened
  WHERE o.ended_at IS NULL AND o.expires_at > now()
)
SELECT p.user_id, NULL::uuid, g.* FROM principal p LEFT JOIN grants g ON true`);

// The same for a key, which may be bound to addresses ($2).
export const keyAndGrants = statement('key_and_grants', `
SELECT NULL::uuid, k.id, k.master_id, k.account_id, r.member_mask & k.scopes, ${BELOW} & k.scopes
FROM api_keys k JOIN roles r ON r.id = k.role_id
JOIN accounts a ON a.master_id = k.master_id AND a.id = k.account_id
WHERE (k.digest = $1 OR k.previous_digest = $1 AND k.previous_expires_at > now())
  AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
  AND (k.when_maker_loses_access = 'KEEP' OR NOT api_key_stops(k.id))
  AND (cardinality(k.ip_ranges) = 0 OR $2::text::inet <<= ANY (k.ip_ranges))`);

const COLUMNS = `a.id, a.master_id, a.parent_id, a.name, a.version, path.status,
  (reach.mask & CASE
    WHEN a.status = 'CLOSED' OR path.inactive_above THEN 469381753505
    WHEN a.status = 'SUSPENDED' THEN 469381753517
    ELSE 1099511627775 END)::text, reach.mask & 128 <> 0`;

const RIGHTS = `
CROSS JOIN LATERAL (
  SELECT bit_or(CASE WHEN c.depth = 0 THEN g.own_mask ELSE g.below_mask & c.passed_mask END) AS mask
  FROM account_closure c JOIN ${GRANTS} ON g.master_id = c.master_id AND g.account_id = c.ancestor_id
  WHERE c.master_id = a.master_id AND c.descendant_id = a.id
) reach
CROSS JOIN LATERAL (
  SELECT CASE WHEN bool_or(above.status = 'CLOSED') THEN 'CLOSED'
              WHEN bool_or(above.status = 'SUSPENDED') THEN 'SUSPENDED' ELSE 'ACTIVE' END AS status,
         bool_or(c.depth > 0 AND above.status <> 'ACTIVE') AS inactive_above
  FROM account_closure c JOIN accounts above ON above.master_id = c.master_id AND above.id = c.ancestor_id
  WHERE c.master_id = a.master_id AND c.descendant_id = a.id
) path`;

export const accountsById = statement('accounts_by_id', `
SELECT ${COLUMNS} FROM accounts a ${RIGHTS} WHERE a.id = ANY ($5::uuid[]) AND reach.mask & 1 <> 0`);

export const firstAccounts = statement('first_accounts', `
SELECT ${COLUMNS}
FROM (
  SELECT DISTINCT stream.master_id, stream.descendant_id FROM ${GRANTS}
  CROSS JOIN LATERAL (
    SELECT c.master_id, c.descendant_id FROM account_closure c
    WHERE c.master_id = g.master_id AND c.ancestor_id = g.account_id
      AND (c.depth = 0 AND g.own_mask & 1 <> 0 OR c.depth > 0 AND g.below_mask & 1 <> 0)
    ORDER BY c.descendant_id LIMIT $5
  ) stream
  ORDER BY stream.descendant_id LIMIT $5
) page
JOIN accounts a ON a.master_id = page.master_id AND a.id = page.descendant_id ${RIGHTS}
ORDER BY a.id`);

// Account ids and how many of each: id, account_id, user_id and the role's name.
export const firstMembers = statement('first_members', `
SELECT m.id, m.account_id, m.user_id, r.name
FROM unnest($1::uuid[]) AS wanted(account_id)
CROSS JOIN LATERAL (
  SELECT * FROM memberships m
  WHERE m.account_id = wanted.account_id AND (m.expires_at IS NULL OR m.expires_at > now())
  ORDER BY m.id LIMIT $2
) m
JOIN roles r ON r.id = m.role_id
ORDER BY m.id`);

export const usersById = statement('users_by_id', 'SELECT id, name, email FROM users WHERE id = ANY ($1::uuid[])');

// The account, locked, and the nearest account whose grant gives ACCOUNT_WRITE; no row: out of reach.
export const lockAccount = statement('lock_account', `
SELECT ${COLUMNS}, (
    SELECT g.account_id FROM account_closure c
    JOIN ${GRANTS} ON g.master_id = c.master_id AND g.account_id = c.ancestor_id
    WHERE c.master_id = a.master_id AND c.descendant_id = a.id
      AND (c.depth = 0 AND g.own_mask & 2 <> 0 OR c.depth > 0 AND g.below_mask & c.passed_mask & 2 <> 0)
    ORDER BY c.depth LIMIT 1)
FROM accounts a ${RIGHTS} WHERE a.id = $5 AND reach.mask & 1 <> 0 FOR UPDATE OF a`);

// Two accounts of which one stands above the other, locked against changes of rights, statuses and pools, and the
// nearest account whose grant gives CREDIT_TRANSFER; fewer rows: out of reach. Opens the tree to ledger_post.
export const lockPair = statement('lock_pair', `
SELECT ${COLUMNS}, (
    SELECT g.account_id FROM account_closure c
    JOIN ${GRANTS} ON g.master_id = c.master_id AND g.account_id = c.ancestor_id
    WHERE c.master_id = a.master_id AND c.descendant_id = a.id
      AND (c.depth = 0 AND g.own_mask & 32768 <> 0 OR c.depth > 0 AND g.below_mask & c.passed_mask & 32768 <> 0)
    ORDER BY c.depth LIMIT 1),
  a.parent_id IS NULL OR a.credit_mode = 'OWN_BALANCE',
  EXISTS (SELECT FROM account_closure c WHERE c.master_id = a.master_id AND c.depth > 0
    AND (c.ancestor_id = $5 AND c.descendant_id = $6 OR c.ancestor_id = $6 AND c.descendant_id = $5)),
  set_config('mandant.trees', a.master_id::text, true)
FROM accounts a ${RIGHTS} WHERE a.id IN ($5, $6) AND reach.mask & 1 <> 0 ORDER BY a.id FOR SHARE OF a`);

// A row: the key is new.
export const claimKey = statement('claim_key', `
INSERT INTO idempotency_records (master_id, account_id, principal_id, key, operation, request_digest, result)
VALUES ($1, $2, $3, $4, 'creditTransfer', $5, $6) ON CONFLICT DO NOTHING RETURNING true`);

export const claimedRequest = statement('claimed_request', `
SELECT request_digest FROM idempotency_records
WHERE master_id = $1 AND account_id = $2 AND principal_id = $3 AND key = $4`);

// Rows: what falls short, and then nothing was posted.
export const postTransfer = statement('post_transfer', `
SELECT * FROM ledger_post($1, $2, 'TRANSFER', $3, $4, $5, ARRAY[$6, $7]::uuid[], ARRAY['CREDIT', 'CREDIT'],
                          ARRAY[-$8::bigint, $8::bigint])`);

export const insertTransferEvents = statement('insert_transfer_events', `
INSERT INTO events (master_id, account_id, id, type, actor_user_id, actor_api_key_id, actor_account_id,
                    subject_id, after)
VALUES ($1, $2, uuidv7(), 'credit.transferred', $3, $4, $5, $8, $9),
       ($1, $6, uuidv7(), 'credit.transferred', $3, $4, $7, $8, $9)`);

export const updateName = statement('update_name', `
UPDATE accounts SET name = $3, version = version + 1 WHERE master_id = $1 AND id = $2 RETURNING version`);

export const insertEvent = statement('insert_event', `
INSERT INTO events (master_id, account_id, id, type, actor_user_id, actor_api_key_id, actor_account_id,
                    subject_id, before, after)
VALUES ($1, $2, uuidv7(), 'account.updated', $3, $4, $5, $6, $7, $8)`);
