// What servers that are not on Node share with those that are, as JSON on standard output.
import { PERMISSIONS } from './accounts.mjs';
import { typeDefs } from './schema.mjs';
import * as statements from './statements.mjs';

const texts = Object.fromEntries(Object.entries(statements).map(([name, { sql }]) => [name, sql]));
process.stdout.write(JSON.stringify({ typeDefs, permissions: PERMISSIONS, statements: texts }));
