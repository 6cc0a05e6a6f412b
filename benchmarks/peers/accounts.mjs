// What the hand-written servers share: who asks, and accounts as clients see them.
import crypto from 'node:crypto';
import { transaction } from './database.mjs';
import * as statements from './statements.mjs';

export const PERMISSIONS = `ACCOUNT_READ ACCOUNT_WRITE ACCOUNT_SUSPEND ACCOUNT_CLOSE ACCOUNT_TRANSFER SUBACCOUNTS_READ
SUBACCOUNTS_WRITE MEMBERS_READ MEMBERS_WRITE ROLES_READ ROLES_WRITE API_KEYS_READ API_KEYS_WRITE CREDIT_READ
CREDIT_WRITE CREDIT_TRANSFER INVOICES_READ INVOICES_WRITE PLAN_READ PLAN_WRITE CONTACTS_READ CONTACTS_WRITE
BLOCK_LIST_READ BLOCK_LIST_WRITE CAMPAIGNS_READ CAMPAIGNS_WRITE CAMPAIGNS_SEND TRANSACTIONAL_READ
TRANSACTIONAL_WRITE TRANSACTIONAL_SEND TEMPLATES_READ TEMPLATES_WRITE DOMAINS_READ DOMAINS_WRITE STATISTICS_READ
SETTINGS_READ SETTINGS_WRITE AUDIT_READ WEBHOOKS_READ WEBHOOKS_WRITE`.split(/\s+/);

const known = new Map();
/** The permissions of a mask, which comes as decimal text. */
export function permissionsOf(mask) {
  let found = known.get(mask);
  if (found === undefined) {
    const bits = BigInt(mask);
    known.set(mask, (found = PERMISSIONS.filter((_, number) => (bits >> BigInt(number)) & 1n)));
  }
  return found;
}

export const digestOf = (token) => crypto.createHash('sha256').update(token).digest();

/** Who asks from this address, with the arrays of grants that the statements take. Throws for nobody. */
export async function principalOf(authorization = '', address) {
  const token = authorization.replace(/^Bearer /, '');
  const rows = token.startsWith('mds_')
    ? await statements.personAndGrants([digestOf(token)])
    : await statements.keyAndGrants([digestOf(token), address]);
  if (rows.length === 0) throw new Error('The token is not valid.');
  const granted = rows.filter((row) => row[2] !== null);
  const grants = [2, 3, 4, 5].map((place) => granted.map((row) => row[place]));
  return { userId: rows[0][0], apiKeyId: rows[0][1], grants };
}

const accountOf = ([id, masterId, parentId, name, version, status, permissions, membersShown]) => ({
  uuid: id, masterId, parentId, membersShown,
  id: `acct_${id}`, kind: parentId === null ? 'MASTER' : 'SUBACCOUNT',
  name, status, version: Number(version), viewerPermissions: permissionsOf(permissions),
});

export async function accountById(principal, id) {
  const rows = await statements.accountsById([...principal.grants, [id.slice('acct_'.length)]]);
  return rows.length === 0 ? null : accountOf(rows[0]);
}

export const firstAccounts = async (principal, first) =>
  (await statements.firstAccounts([...principal.grants, first])).map(accountOf);

/** For each account its parent, or null. */
export async function parentsOf(principal, accounts) {
  const wanted = [...new Set(accounts.map((account) => account.parentId).filter((id) => id !== null))];
  const rows = wanted.length === 0 ? [] : await statements.accountsById([...principal.grants, wanted]);
  const byId = new Map(rows.map((row) => [row[0], accountOf(row)]));
  return accounts.map((account) => byId.get(account.parentId) ?? null);
}

/** For each account its first members, or null where they are not for the principal. */
export async function membersOf(accounts, first) {
  const byAccount = new Map(accounts.filter((a) => a.membersShown).map((account) => [account.uuid, []]));
  for (const [id, accountId, userId, role] of await statements.firstMembers([[...byAccount.keys()], first]))
    byAccount.get(accountId).push({ id: `memb_${id}`, userId, role: { name: role } });
  return accounts.map((account) => byAccount.get(account.uuid) ?? null);
}

/** For each id the person. */
export async function usersById(ids) {
  const rows = await statements.usersById([[...new Set(ids)]]);
  const byId = new Map(rows.map(([id, name, email]) => [id, { id: `user_${id}`, name, email }]));
  return ids.map((id) => byId.get(id));
}

/** The changed account; null where that is refused. */
export const updateAccount = (principal, { accountId, expectedVersion, name }) =>
  transaction(async (client) => {
    const values = [...principal.grants, accountId.slice('acct_'.length)];
    const [row] = await statements.lockAccount(values, client);
    if (row === undefined) return null;
    const account = accountOf(row);
    if (!account.viewerPermissions.includes('ACCOUNT_WRITE') || account.version !== expectedVersion) return null;
    const actingFrom = row[8];
    const [[version]] = await statements.updateName([account.masterId, account.uuid, name], client);
    await statements.insertEvent(
      [account.masterId, account.uuid, principal.userId, principal.apiKeyId, actingFrom, account.id,
        { name: account.name }, { name }],
      client,
    );
    return { ...account, name, version: Number(version) };
  });

class Refused extends Error {}

/** The giving account, and whether the key was used before; null where it is refused, and then nothing is left. */
export async function transferCredit(principal, input) {
  try {
    return await transaction((client) => transferWithin(client, principal, input));
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

async function transferWithin(client, principal, { fromAccountId, toAccountId, amount, memo, idempotencyKey }) {
  const ids = [fromAccountId, toAccountId].map((id) => id.slice('acct_'.length));
  const rows = await statements.lockPair([...principal.grants, ...ids], client);
  const [source, target] = ids.map((id) => rows.find((row) => row[0] === id));
  if (source === undefined || target === undefined || !source[10]) throw new Refused();
  const accounts = [source, target].map(accountOf);
  if (!accounts.every((account) => account.viewerPermissions.includes('CREDIT_TRANSFER'))) throw new Refused();
  const [from] = accounts;
  const who = principal.userId ?? principal.apiKeyId;
  const content = ['creditTransfer', ids[1], amount, memo ?? null];
  const digest = crypto.createHash('sha256').update(JSON.stringify(content)).digest();
  const posted = crypto.randomUUID();
  const key = [from.masterId, from.uuid, who, idempotencyKey];
  if ((await statements.claimKey([...key, digest, { transaction: posted }], client)).length === 0) {
    const [[earlier]] = await statements.claimedRequest(key, client);
    if (!digest.equals(earlier)) throw new Refused();
    return { replayed: true, fromAccount: from };
  }
  if (!source[9] || !target[9]) throw new Refused();
  const actor = [principal.userId, principal.apiKeyId];
  const short = await statements.postTransfer(
    [from.masterId, posted, ...actor, memo ?? null, ...ids, amount],
    client,
  );
  if (short.length > 0) throw new Refused();
  await statements.insertTransferEvents(
    [from.masterId, ids[0], ...actor, source[8], ids[1], target[8], `ltrx_${posted}`,
      { from: fromAccountId, to: toAccountId, amount }],
    client,
  );
  return { replayed: false, fromAccount: from };
}

export const NOT_TRANSFERRED = { replayed: false, fromAccount: null };
