// Elements that scripts make.
export function element(name, text, ...parts) {
  const made = document.createElement(name);
  made.textContent = text;
  made.append(...parts);
  return made;
}

// A button whose visible words are few; the label says what it is about.
export function button(text, label, action) {
  const made = element("button", text);
  made.type = "button";
  made.className = "quiet";
  made.setAttribute("aria-label", label);
  made.onclick = action;
  return made;
}
