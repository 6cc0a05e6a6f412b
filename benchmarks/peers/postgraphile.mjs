// PostGraphile: views with the rules of visibility (postgraphile.sql), joined by Grafast's plans, which inline
// what an operation needs into one statement; the principal is in the transaction's settings.
// The generated schema cannot express a list that is null for who may not see it, so the schema is the same as
// the others', as plans.
import { createServer } from 'node:http';

// PostGraphile asks for Node 22; this is what it misses in Node 20.
Promise.withResolvers ??= function withResolvers() {
  let resolve, reject;
  const promise = new Promise((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
};

const { postgraphile } = await import('postgraphile');
const { PostGraphileAmberPreset } = await import('postgraphile/presets/amber');
const { makePgService } = await import('postgraphile/adaptors/pg');
const { grafserv } = await import('postgraphile/grafserv/node');
const { constant, inhibitOnNull, lambda, object } = await import('postgraphile/grafast');
const { TYPES } = await import('postgraphile/@dataplan/pg');
const { extendSchema } = await import('postgraphile/utils');
const { parse } = await import('postgraphile/graphql');
const { permissionsOf, principalOf } = await import('./accounts.mjs');
const { pool } = await import('./database.mjs');
const { typeDefs } = await import('./schema.mjs');

const uuidOf = ($id) => lambda($id, (id) => id.slice('acct_'.length), true);

const schema = extendSchema((build) => {
  const { reached_account: accounts, account_member: members, person: people, first_accounts, update_account, transfer_credit } =
    build.input.pgRegistry.pgResources;
  return {
    typeDefs: parse(typeDefs.replace('type Query', 'extend type Query').replace('type Mutation', 'extend type Mutation')),
    objects: {
      Query: {
        plans: {
          viewer: () => constant({}),
          account: (_, { $id }) => accounts.get({ uuid: uuidOf($id) }),
        },
      },
      Viewer: {
        plans: { accounts: (_, { $first }) => object({ nodes: first_accounts.execute([{ step: $first, pgCodec: TYPES.int }]) }) },
      },
      AccountConnection: { plans: { nodes: ($connection) => $connection.get('nodes') } },
      Account: {
        plans: {
          parent: ($account) => accounts.get({ uuid: $account.get('parent_uuid') }),
          // Null without MEMBERS_READ, and then nothing below is looked at.
          members: ($account, { $first }) =>
            object({ account: $account, first: $first, shown: inhibitOnNull($account.get('members_of')) }),
          viewerPermissions: ($account) => lambda($account.get('permissions'), permissionsOf, true),
        },
      },
      MemberConnection: {
        plans: {
          nodes($connection) {
            const $members = members.find({ account_uuid: $connection.get('account').get('members_of') });
            $members.orderBy({ attribute: 'uuid', direction: 'ASC' });
            $members.setFirst($connection.get('first'));
            return $members;
          },
        },
      },
      Member: {
        plans: {
          role: ($member) => object({ name: $member.get('role_name') }),
          user: ($member) => people.get({ uuid: $member.get('user_uuid') }),
        },
      },
      Mutation: {
        plans: {
          accountUpdate(_, { $input }) {
            const $changed = update_account.execute(
              [
                { step: uuidOf($input.get('accountId')), pgCodec: TYPES.uuid },
                { step: $input.get('expectedVersion'), pgCodec: TYPES.int },
                { step: $input.get('name'), pgCodec: TYPES.text },
              ],
              'mutation',
            );
            return object({ account: $changed.single() });
          },
          creditTransfer(_, { $input }) {
            const $done = transfer_credit.execute(
              [
                { step: uuidOf($input.get('fromAccountId')), pgCodec: TYPES.uuid },
                { step: uuidOf($input.get('toAccountId')), pgCodec: TYPES.uuid },
                { step: $input.get('amount'), pgCodec: TYPES.bigint },
                { step: $input.get('memo'), pgCodec: TYPES.text },
                { step: $input.get('idempotencyKey'), pgCodec: TYPES.text },
              ],
              'mutation',
            );
            const $row = $done.single();
            return object({
              replayed: lambda($row.get('replayed'), (replayed) => replayed ?? false, true),
              fromAccount: accounts.get({ uuid: $row.get('from_uuid') }),
            });
          },
        },
      },
    },
  };
});

const array = (values) => `{${values.join(',')}}`;

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [schema],
  pgServices: [makePgService({ pool, schemas: ['peer'] })],
  grafast: {
    async context({ node }) {
      const { headers, socket } = node.req;
      const { userId, apiKeyId, grants } = await principalOf(headers.authorization, socket.remoteAddress);
      const [masterIds, accountIds, ownMasks, belowMasks] = grants.map(array);
      return {
        pgSettings: {
          'peer.user_id': userId ?? '',
          'peer.api_key_id': apiKeyId ?? '',
          'peer.master_ids': masterIds,
          'peer.account_ids': accountIds,
          'peer.own_masks': ownMasks,
          'peer.below_masks': belowMasks,
        },
      };
    },
  },
  grafserv: { graphiql: false, watch: false },
};

const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(Number(process.env.PORT), process.env.HOST);
