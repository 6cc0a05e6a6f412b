// Which ready operations fit whoever asks, and their variables with ids that are theirs.

// As long as nobody is known.
export const ANYBODY = { user: null, apiKey: null, accounts: { nodes: [] } };

// Those for which the caller holds the permission in an account.
export function fitting(tabs, viewer) {
  const anonymous = !viewer.user && !viewer.apiKey;
  return tabs.filter(({ needs }) => {
    if (!needs) {
      return true;
    }
    return needs === "ANONYMOUS" ? anonymous : Boolean(accountWith(viewer, needs));
  });
}

// As GraphiQL takes it. Without an account that fits, "acct_..." stays for the reader to fill in.
export function filled({ query, variables, needs }, viewer, paymentMethods) {
  const account = accountWith(viewer, needs) ?? viewer.accounts.nodes[0];
  const text = variables
    .replaceAll("acct_...", account?.id ?? "acct_...")
    .replaceAll("paym_...", paymentMethods[0]?.id ?? "paym_...");
  return { query, variables: text };
}

function accountWith(viewer, permission) {
  return viewer.accounts.nodes.find(
    (account) => account.status === "ACTIVE" && account.viewerPermissions.includes(permission),
  );
}

// What the page's address asks for, `?query=...&variables=...`; null without a query.
export function askedTab(search) {
  const parameters = new URLSearchParams(search);
  const query = parameters.get("query");
  return query ? { query, variables: parameters.get("variables") ?? "" } : null;
}
