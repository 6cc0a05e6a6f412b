// What a link offers, told by its secret: a role in an account, or accounts that are shared.
//
// `field` is the query's field, and the name of its document. `signUp` gives what the mutation, which accepts the
// offer as well, needs beside the person; `signUpNeedsAccount`: a name for an own account is among it. `rights` are
// sentences about what it lets do.

const inWords = new Intl.ListFormat("en", { type: "conjunction" });
const spoken = (name) => name.toLowerCase().replaceAll("_", " ");
const areasInWords = (areas) => inWords.format(areas.map(spoken));

// Permissions such as CREDIT_READ and CREDIT_WRITE, area by area: "credit: read, write".
function permissionsInWords(permissions) {
  const actions = new Map();
  for (const permission of permissions) {
    const cut = permission.lastIndexOf("_");
    const area = permission.slice(0, cut);
    actions.set(area, [...(actions.get(area) ?? []), permission.slice(cut + 1)]);
  }
  return [...actions].map(([area, names]) => `${spoken(area)}: ${names.map(spoken).join(", ")}`);
}

const invitation = {
  field: "invitation",
  accept: { field: "invitationAccept", document: "accept-invitation" },
  decline: { field: "invitationDecline", document: "decline-invitation" },
  signUpNeedsAccount: false,
  signUp: (fields, secret) => ({ invitationToken: secret }),
  title: ({ inviterName, accountName }) =>
    inviterName ? `${inviterName} invites you to ${accountName}` : `You are invited to ${accountName}`,
  facts: ({ roleName, roleDescription }) => [
    ["Your role", roleName],
    ...(roleDescription ? [["It is for", roleDescription]] : []),
  ],
  rights: ({ permissions }) => permissionsInWords(permissions),
  acceptedTitle: ({ accountName }) => `You are a member of ${accountName}`,
};

const share = {
  field: "share",
  accept: { field: "shareAccept", document: "accept-share" },
  decline: { field: "shareDecline", document: "decline-share" },
  signUpNeedsAccount: true,
  signUp: ({ accountName }, secret) => ({ accountName, shareToken: secret }),
  title: ({ giverName, accountNames }) =>
    giverName
      ? `${giverName} shares ${inWords.format(accountNames)} with you`
      : `You are offered ${inWords.format(accountNames)}`,
  facts: ({ accountNames, roleName, roleDescription, areas, hiddenAreas }) => [
    ["Accounts", inWords.format(accountNames)],
    roleName ? ["Your role", roleName] : ["What you see", areasInWords(areas)],
    ...(roleDescription ? [["It is for", roleDescription]] : []),
    ...(hiddenAreas.length ? [["Hidden", areasInWords(hiddenAreas)]] : []),
  ],
  rights: () => [],
  acceptedTitle: ({ accountNames }) => `You have access to ${inWords.format(accountNames)}`,
};

export function kindOf(secret) {
  return secret.startsWith("mdh_") ? share : invitation;
}
