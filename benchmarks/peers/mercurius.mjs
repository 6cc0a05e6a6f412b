// Mercurius on Fastify: queries compiled by graphql-jit, its own batching loaders without their cache.
import Fastify from 'fastify';
import mercurius from 'mercurius';
import * as accounts from './accounts.mjs';
import { typeDefs } from './schema.mjs';

const server = Fastify();

server.register(mercurius, {
  schema: typeDefs,
  jit: 1,
  graphiql: false,
  context: async (request) => ({ principal: await accounts.principalOf(request.headers.authorization, request.ip) }),
  resolvers: {
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
  },
  loaders: {
    Account: {
      parent: {
        loader: (queries, { principal }) => accounts.parentsOf(principal, queries.map(({ obj }) => obj)),
        opts: { cache: false },
      },
      members: {
        async loader(queries) {
          const found = await accounts.membersOf(queries.map(({ obj }) => obj), queries[0].params.first);
          return found.map((nodes) => nodes && { nodes });
        },
        opts: { cache: false },
      },
    },
    Member: {
      user: {
        loader: (queries) => accounts.usersById(queries.map(({ obj }) => obj.userId)),
        opts: { cache: false },
      },
    },
  },
});

await server.listen({ host: process.env.HOST, port: Number(process.env.PORT) });
