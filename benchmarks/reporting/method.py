"""What holds for all parts, for people."""

METHOD = """
Absolute figures depend on the machine and on what else it does: ratios are what to look at. The data are
1,000 trees of 21 accounts with 8 members each, of which 400 are asked about; with `QUICK=1`, 250 and 100.
Where a part says nothing else, there is one process of each server, on a core of its own; PostgreSQL and the
load are on the other core. 16 connections are kept open, each with one request under way, drawn at random
among the callers. A server has 10 connections to the database, over a unix socket.

- **pgbench** sends the very statements that Mandant sends, prepared, with the same values and over as
  many connections as a server has: what PostgreSQL itself can do. For a change these are all statements
  of the transaction and those around it, and each transaction's events are counted afterwards.
- **Reference path**: Mandant without its compiled reads.
- **Mercurius** with graphql-jit and its loaders. **Apollo Server** with data loaders. **PostGraphile**
  with views that hold the rules of visibility, and plans over them, because its generated schema has no
  list that is null for who may not see it.
- **Strawberry as usual** is what one would write instead of Mandant, as the documentation of its
  libraries teaches: Strawberry's data loaders, SQLAlchemy's ORM on asyncpg, and casbin, which is asked
  once for each account whether it may be read. A role's list of permissions is asked for once in the
  process's life. Uvicorn serves it.
- **graphql-go** is compiled to machine code: Go, graph-gophers' server and pgx. The nodes of a list share
  what they look up, so that it takes as many statements as with data loaders, without their waiting.
- Each peer looks the token and its grants up in every request. Its write is one transaction that
  authorizes, locks the account, changes it and logs. Mandant's locks the accounts above as well, and
  reads its answer before COMMIT. Their transfer locks the two accounts, keeps the key, posts by the same
  function of the database and logs. None of them has a second wall, limits for each caller, or a line in
  the log for each request.
- What Mandant sends to PostgreSQL together, in one trip, pgbench sends together too.
- All connections plan a statement once, whatever its values, the peers' too. **Planned by default**: the
  peers whose statements have arrays, as PostgreSQL plans where nobody says otherwise; these it plans anew
  for each request. They are compared with in the ratio of that name, and in no other.
- All servers follow the same rules of visibility. Before measuring, they gave the same data to owners,
  keys and people of other roles, also for foreign accounts and refused writes; and to guests by a share
  with a hidden area, above closed links, with broken glass, with limited rights below, and to keys that
  were rotated, are bound to addresses, or may stop.
- A part that cannot be measured says so in place of its figures, and the run goes on. `make bench` then
  ends with an error.
""".strip()
