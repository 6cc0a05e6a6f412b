// The token of the person at this browser tab, shared by both pages. It ends with the tab.
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
