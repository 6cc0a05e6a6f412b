// What the browser does with passkeys. They belong to one origin, and to no address that is a number.
import { Problem } from "./requests.js";
import { passkeyOrigin } from "./views.js";

const isNumber = /^[\d.]+$|^\[/.test(location.hostname);
export const passkeysWork = passkeyOrigin === location.origin && !isNumber && "PublicKeyCredential" in window;

export function answerOfPasskey(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options));
  return asked(() => navigator.credentials.get({ publicKey }));
}

export function newPasskey(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options));
  return asked(() => navigator.credentials.create({ publicKey }));
}

async function asked(ask) {
  try {
    return JSON.stringify(await ask());
  } catch {
    throw new Problem("The browser gave no passkey. Please try again.", "PASSKEY_NOT_GIVEN");
  }
}
