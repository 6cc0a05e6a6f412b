// Which ready operations fit whoever asks, and their variables with ids that are theirs.

// As long as nobody is known.
export const ANYBODY = { user: null, apiKey: null, staff: null, accounts: { nodes: [] } };

// Those for which the caller holds all permissions in one account.
export function fitting(tabs, viewer) {
  return tabs.filter(({ needs }) => {
    switch (needs[0]) {
      case undefined:
        return true;
      case "ANONYMOUS":
        return !viewer.user && !viewer.apiKey;
      case "STAFF":
        return Boolean(viewer.staff);
      default:
        return Boolean(accountWith(viewer, needs));
    }
  });
}

// As GraphiQL takes it. Ids that nothing is found for, such as "acct_...", stay for the reader to fill in.
export function filled({ query, variables, needs }, viewer, { paymentMethod, contact }) {
  const account = accountWith(viewer, needs) ?? viewer.accounts.nodes[0];
  const text = variables
    .replaceAll("acct_...", account?.id ?? "acct_...")
    .replaceAll("paym_...", paymentMethod?.id ?? "paym_...")
    .replaceAll("cntc_...", contact?.id ?? "cntc_...")
    .replaceAll('"expectedVersion": 0', `"expectedVersion": ${account?.version ?? 0}`);
  return { query, variables: text };
}

// The first account in which the caller holds all permissions.
export function accountWith(viewer, permissions) {
  return viewer.accounts.nodes.find(
    ({ status, viewerPermissions }) =>
      status === "ACTIVE" && permissions.every((permission) => viewerPermissions.includes(permission)),
  );
}

// What the page's address asks for, `?query=...&variables=...`; null without a query.
export function askedTab(search) {
  const parameters = new URLSearchParams(search);
  const query = parameters.get("query");
  return query ? { query, variables: parameters.get("variables") ?? "" } : null;
}
