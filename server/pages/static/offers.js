// What a link offers, told by its secret: a role in an account, or accounts that are shared.
//
// `field` is the query's field, and the name of its document. `signUp` gives what the mutation needs beside the
// person; `signUpAccepts` says whether it accepts the offer as well.

const inWords = new Intl.ListFormat("en", { type: "conjunction" });
const areasInWords = (areas) => inWords.format(areas.map((area) => area.toLowerCase().replaceAll("_", " ")));

const invitation = {
  field: "invitation",
  accept: { field: "invitationAccept", document: "accept-invitation" },
  signUpAccepts: true,
  signUp: (fields, secret) => ({ invitationToken: secret }),
  title: ({ inviterName, accountName }) =>
    inviterName ? `${inviterName} invites you to ${accountName}` : `You are invited to ${accountName}`,
  facts: ({ roleName }) => [["Your role", roleName]],
  acceptedTitle: ({ accountName }) => `You are a member of ${accountName}`,
};

const share = {
  field: "share",
  accept: { field: "shareAccept", document: "accept-share" },
  signUpAccepts: false,
  signUp: ({ accountName }) => ({ accountName }),
  title: ({ giverName, accountNames }) =>
    giverName
      ? `${giverName} shares ${inWords.format(accountNames)} with you`
      : `You are offered ${inWords.format(accountNames)}`,
  facts: ({ accountNames, roleName, areas, hiddenAreas }) => [
    ["Accounts", inWords.format(accountNames)],
    roleName ? ["Your role", roleName] : ["What you see", areasInWords(areas)],
    ...(hiddenAreas.length ? [["Hidden", areasInWords(hiddenAreas)]] : []),
  ],
  acceptedTitle: ({ accountNames }) => `You have access to ${inWords.format(accountNames)}`,
};

export function kindOf(secret) {
  return secret.startsWith("mdh_") ? share : invitation;
}
