// Building and finding elements. Text always goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element: `el("a", { href, class: "button" }, "words", child)`.
 * Attributes that are null, undefined or false are left out; true writes an empty one; functions named on… listen;
 * `dataset` takes an object. Children: strings, nodes, arrays of them; null and false are skipped.
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "dataset") Object.assign(element.dataset, value);
    else if (typeof value === "function" && key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A symbol of img/icons.svg, hidden from screen readers. */
export function icon(name, cssClass = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${cssClass}`.trim());
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  svg.append(document.createElementNS(SVG, "use"));
  useIcon(svg, name);
  return svg;
}

/** Show another symbol in an icon. */
export function useIcon(svg, name) {
  svg.querySelector("use").setAttribute("href", `${document.documentElement.dataset.icons}#${name}`);
}

/** What `{{ value|json_script:id }}` wrote; null when the page has no such element. */
export function readJson(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
}

/** Fill `{name}` places of a translated text: fill("{n} complaints", { n: 42 }). Unknown names stay. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}

/** Say something to screen readers without moving the focus. */
export function announce(text) {
  let region = document.getElementById("gp-announcements");
  if (!region) {
    region = el("div", { id: "gp-announcements", class: "visually-hidden", role: "status" });
    document.body.append(region);
  }
  region.textContent = "";
  // A screen reader hears a change only when the text was seen empty first.
  setTimeout(() => {
    region.textContent = text ?? "";
  }, 50);
}

/** Run `work` once the calls have paused for `ms` milliseconds. */
export function debounce(work, ms) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), ms);
  };
}
