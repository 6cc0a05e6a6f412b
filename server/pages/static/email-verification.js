// The page behind the link that confirms an e-mail address. The secret alone confirms nothing: whoever opens the
// link is signed in in this tab, or gives the password.
import { keptToken } from "./session.js";
import { onSubmit, operations, secret, server, showView } from "./views.js";

const withSession = Boolean(keptToken());

for (const element of document.querySelectorAll(".password")) {
  element.hidden = element.disabled = withSession;
}
onSubmit("verify-form", async ({ password }) => {
  const input = withSession ? { token: secret } : { token: secret, password };
  await server.payloadOf("emailVerify", operations["email-verify"], input, keptToken());
  showView("verified");
});
showView(secret ? "verify" : "incomplete");
