// PostgreSQL: one pool over the unix socket that PGHOST names, every statement prepared, rows as arrays.
import pg from 'pg';

export const pool = new pg.Pool({ max: 10 });

const text = (name, sql) => ({ name, text: sql, rowMode: 'array' });

/** A prepared statement: a function of its values that gives the rows. `on`: a client inside a transaction. */
export function statement(name, sql) {
  const config = text(name, sql);
  const run = async (values, on = pool) => (await on.query({ ...config, values })).rows;
  return Object.assign(run, { sql });
}

export async function transaction(work) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const done = await work(client);
    await client.query('COMMIT');
    return done;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
