// Single letters that act: the same key on every keyboard, and never while somebody writes.

/** The letter, digit or sign of a key event; on a keyboard that writes another script, the Latin letter of that key. */
export function letterOf(event) {
  const { key, code } = event;
  if (key === "؟") return "?";
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  if (key.length === 1 && key.charCodeAt(0) < 128) return key;
  if (/^Key[A-Z]$/.test(code)) return code.slice(3).toLowerCase();
  if (/^Digit[0-9]$/.test(code)) return code.slice(5);
  return key;
}

/** Whether a key belongs to the element that has the focus: somebody writes there, or chooses from a list. */
export function isWriting(element) {
  if (!element?.matches) return false;
  if (element.isContentEditable || element.matches("textarea, select")) return true;
  return element.matches("input") && !["checkbox", "radio", "button", "submit", "file"].includes(element.type);
}
