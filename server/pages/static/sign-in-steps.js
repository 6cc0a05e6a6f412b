// The steps from a password to a session: a second factor where there is one, or the company's own sign-in.
import { answerOfPasskey, passkeysWork } from "./passkeys.js";
import { keepDevice, keepReturn, keepSignOn, keepToken, keptDevice, takeSignOn } from "./session.js";
import { onSubmit, operations, part, server, showView } from "./views.js";

// The token of the new session, which is kept; null where the person has to go on elsewhere.
export async function signInWith(email, password) {
  const input = { email, password, deviceToken: keptDevice() };
  try {
    return await opened(await server.payloadOf("signIn", operations["sign-in"], input));
  } catch (error) {
    if (error.code !== "SINGLE_SIGN_ON_REQUIRED") {
      throw error;
    }
    if (location.pathname !== "/sign-in") {
      // The issuer sends people back to the page of sign-in, which leads them on to this one.
      keepReturn(location.pathname + location.hash);
    }
    showCompany({ email });
    return null;
  }
}

export async function signInWithPasskey() {
  const started = await server.payloadOf("passkeySignInStart", operations["passkey-sign-in-start"]);
  const { challengeToken, passkeyOptions } = started;
  const input = { challengeToken, passkey: await answerOfPasskey(passkeyOptions), deviceToken: keptDevice() };
  return opened(await server.payloadOf("passkeySignIn", operations["passkey-sign-in"], input));
}

export async function completeSingleSignOn(code) {
  const input = { code, verifier: takeSignOn(), deviceToken: keptDevice() };
  const field = "singleSignOnComplete";
  return opened(await server.payloadOf(field, operations["single-sign-on-complete"], input));
}

// Go to the sign-in of the company of an e-mail address or account. The secret stays in this tab, so that the
// code which comes back is of use to nobody else, and nobody else's code is of use here.
export async function goToCompany(whose) {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  keepSignOn(verifier);
  const parameters = new URLSearchParams({ ...whose, challenge: base64url(new Uint8Array(hash)) });
  location.assign(`/sso/start?${parameters}`);
}

// Ask the person to go there: a link alone signs nobody in.
export function showCompany(whose) {
  onSubmit("company-go-form", () => goToCompany(whose));
  showView("company");
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/[+]/g, "-").replace(/[/]/g, "_").replace(/=/g, "");
}

async function opened(payload) {
  const { token, deviceToken } = payload.token ? payload : await answered(payload);
  keepToken(token);
  keepDevice(deviceToken);
  return token;
}

// The payload of the sign-in that the person has confirmed, sooner or later.
function answered({ challengeToken, secondFactors, passkeyOptions }) {
  part("factor-passkey-form").hidden = !(passkeysWork && secondFactors.includes("PASSKEY"));
  part("factor-form").hidden = !secondFactors.some((factor) => factor !== "PASSKEY");
  part("factor-form").reset();
  showView("factor");
  return new Promise((resolve) => {
    const confirm = async (answer) => {
      const input = { challengeToken, deviceToken: keptDevice(), ...answer };
      resolve(await server.payloadOf("signInConfirm", operations["sign-in-confirm"], input));
    };
    onSubmit("factor-form", ({ code }) => confirm({ code: code.trim() }));
    onSubmit("factor-passkey-form", async () => confirm({ passkey: await answerOfPasskey(passkeyOptions) }));
    onSubmit("factor-lost-form", async () => {
      const document = operations["second-factor-reset-request"];
      await server.payloadOf("secondFactorResetRequest", document, { challengeToken });
      showView("reset-asked");
    });
  });
}
