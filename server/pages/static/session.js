// The token of the person at this browser tab, shared by all pages. It ends with the tab.
const KEY = "mandant:token";

export function keptToken() {
  return sessionStorage.getItem(KEY) ?? "";
}

export function keepToken(token) {
  sessionStorage.setItem(KEY, token);
}

export function forgetToken() {
  sessionStorage.removeItem(KEY);
}

// What this device is known by to the person that signed in here last. It stays when the tab ends.
const DEVICE_KEY = "mandant:device";

export function keptDevice() {
  return localStorage.getItem(DEVICE_KEY);
}

export function keepDevice(deviceToken) {
  localStorage.setItem(DEVICE_KEY, deviceToken);
}

// The secret of a sign-in with the company's own service. It ends in this tab alone.
const SIGN_ON_KEY = "mandant:sign-on";

export function keepSignOn(verifier) {
  sessionStorage.setItem(SIGN_ON_KEY, verifier);
}

export function takeSignOn() {
  const verifier = sessionStorage.getItem(SIGN_ON_KEY);
  sessionStorage.removeItem(SIGN_ON_KEY);
  return verifier ?? "";
}

// The page of this server that sent somebody to sign in, and gets them back.
const RETURN_KEY = "mandant:return";

export function keepReturn(address) {
  sessionStorage.setItem(RETURN_KEY, address);
}

export function takeReturn() {
  const address = sessionStorage.getItem(RETURN_KEY);
  sessionStorage.removeItem(RETURN_KEY);
  return address;
}
