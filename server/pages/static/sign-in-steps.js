// The steps from a password to a session: a second factor where there is one, or the company's own sign-in.
import { answerOfPasskey, passkeysWork } from "./passkeys.js";
import { keepDevice, keepReturn, keepToken, keptDevice } from "./session.js";
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
    showCompany(email);
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
  const input = { code, deviceToken: keptDevice() };
  const field = "singleSignOnComplete";
  return opened(await server.payloadOf(field, operations["single-sign-on-complete"], input));
}

export const companyAddress = (email) => `/sso/start?email=${encodeURIComponent(email)}`;

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

// The issuer sends people back to the page of sign-in, which leads them on to this one.
function showCompany(email) {
  if (location.pathname !== "/sign-in") {
    keepReturn(location.pathname + location.hash);
  }
  part("company-link").href = companyAddress(email);
  showView("company");
}
