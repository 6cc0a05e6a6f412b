// Apollo Server, stand-alone, with a set of data loaders for each request.
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import DataLoader from 'dataloader';
import * as accounts from './accounts.mjs';
import { typeDefs } from './schema.mjs';

const resolvers = {
  Query: {
    viewer: () => ({}),
    account: (_, { id }, { principal }) => accounts.accountById(principal, id),
  },
  Viewer: {
    accounts: async (_, { first }, { principal }) => ({ nodes: await accounts.firstAccounts(principal, first) }),
  },
  Mutation: {
    accountUpdate: async (_, { input }, { principal }) => ({ account: await accounts.updateAccount(principal, input) }),
    creditTransfer: async (_, { input }, { principal }) =>
      (await accounts.transferCredit(principal, input)) ?? accounts.NOT_TRANSFERRED,
  },
  Account: {
    parent: (account, _, { loaders }) => loaders.parent.load(account),
    async members(account, { first }, { loaders }) {
      const nodes = await loaders.members(first).load(account);
      return nodes && { nodes };
    },
  },
  Member: { user: (member, _, { loaders }) => loaders.user.load(member.userId) },
};

function loadersOf(principal) {
  const members = new Map();
  return {
    parent: new DataLoader((keys) => accounts.parentsOf(principal, keys)),
    user: new DataLoader((keys) => accounts.usersById(keys)),
    members(first) {
      if (!members.has(first)) members.set(first, new DataLoader((keys) => accounts.membersOf(keys, first)));
      return members.get(first);
    },
  };
}

const server = new ApolloServer({ typeDefs, resolvers });

await startStandaloneServer(server, {
  listen: { host: process.env.HOST, port: Number(process.env.PORT) },
  async context({ req }) {
    const principal = await accounts.principalOf(req.headers.authorization, req.socket.remoteAddress);
    return { principal, loaders: loadersOf(principal) };
  },
});
