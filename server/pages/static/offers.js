// What a link offers, told by its secret: a role in an account, or accounts that are shared.
//
// `field` is the query's field, and the name of its document. `signUp` gives what the mutation, which accepts the
// offer as well, needs beside the person; `signUpNeedsAccount`: a name for an own account is among it. `rights` are
// sentences about what it lets do.

import { language, say } from "./views.js";

const inWords = new Intl.ListFormat(language, { type: "conjunction" });
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
    say(inviterName ? "invites_you" : "you_are_invited", { inviterName, accountName }),
  facts: ({ roleName, roleDescription }) => [
    [say("your_role"), roleName],
    ...(roleDescription ? [[say("it_is_for"), roleDescription]] : []),
  ],
  rights: ({ permissions }) => permissionsInWords(permissions),
  acceptedTitle: ({ accountName }) => say("you_are_member", { accountName }),
};

const share = {
  field: "share",
  accept: { field: "shareAccept", document: "accept-share" },
  decline: { field: "shareDecline", document: "decline-share" },
  signUpNeedsAccount: true,
  signUp: ({ accountName }, secret) => ({ accountName, shareToken: secret }),
  title: ({ giverName, accountNames }) =>
    say(giverName ? "shares_with_you" : "you_are_offered", { giverName, accounts: inWords.format(accountNames) }),
  facts: ({ accountNames, roleName, roleDescription, areas, hiddenAreas }) => [
    [say("accounts"), inWords.format(accountNames)],
    roleName ? [say("your_role"), roleName] : [say("what_you_see"), areasInWords(areas)],
    ...(roleDescription ? [[say("it_is_for"), roleDescription]] : []),
    ...(hiddenAreas.length ? [[say("hidden"), areasInWords(hiddenAreas)]] : []),
  ],
  rights: () => [],
  acceptedTitle: ({ accountNames }) => say("you_have_access", { accounts: inWords.format(accountNames) }),
};

export function kindOf(secret) {
  return secret.startsWith("mdh_") ? share : invitation;
}
