// The desk: list, complaint and map stay on one page; everything can be done by keyboard. Without this script each link and
// form loads the page it names.

import { drawBoxes } from "gp/lib/boxes";
import { announce, readJson } from "gp/lib/dom";
import { isWriting, letterOf } from "gp/lib/keys";
import { ComplaintLayer } from "gp/map/clusters";
import { createMap } from "gp/map/map";
import { pickPlace, ringPlace } from "gp/map/place";

const HERE_MS = 30_000;
const panes = document.getElementById("desk-panes");
const help = document.getElementById("keys");
const isWide = matchMedia("(min-width: 60rem)");

// --- the map: one for as long as the desk is open

let settings = readJson("desk-settings");
const geoMap = createMap(document.getElementById("map"), readJson("map-config"));
const layer = new ComplaintLayer(geoMap, {
  settings,
  filters: () => new URLSearchParams(settings.query),
  listUrl: (bbox) => `${settings.desk}?${settings.query}&bbox=${bbox}`,
  words: document.getElementById("map-words").dataset,
  onLoad: () => layer.highlight(columns().dataset.number || null),
  onList: (url) => go(url),
  onSelect: (number) => {
    const row = rowOf(number);
    for (const other of panes.querySelectorAll("#results .is-highlighted")) other.classList.remove("is-highlighted");
    row?.classList.add("is-highlighted");
    row?.scrollIntoView({ block: "nearest" });
  },
});

let unring = () => {};

function showOnMap() {
  const before = settings.query;
  settings = readJson("desk-settings");
  if (settings.query !== before) layer.refresh();
  layer.outline(settings.bbox);
  const place = readJson("place");
  unring();
  unring = place ? ringPlace(geoMap, place) : () => {};
  if (place) geoMap.moveTo(place.lon, place.lat, place.precision === "exact" ? 16 : 14);
  layer.highlight(columns().dataset.number || null);
}

// --- the panes: exchanged as a whole, the scrolling and the focus kept

function columns() {
  return panes.querySelector(".desk__columns");
}

function rowOf(number) {
  return panes.querySelector(`#results [data-tracking-number="${CSS.escape(number)}"]`);
}

let asked;

/** Load an address into the panes. `options` are fetch's; the answer of a form may be another address (a redirect). */
async function go(url, { push = true, focus = "case-title", ...options } = {}) {
  asked?.abort();
  asked = new AbortController();
  panes.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(url, {
      credentials: "same-origin",
      signal: asked.signal,
      ...options,
      headers: { "X-Desk-Panes": "1", ...options.headers },
    });
    const html = await response.text();
    // The session ended, or the answer is a page of its own: then the browser shows it.
    if (!html.includes('class="desk__columns')) {
      location.href = options.method ? location.href : response.url;
      return;
    }
    show(html, focus);
    // A form that only looked (a preview) is no page to come back to.
    const isPage = !options.method || response.redirected;
    if (push && isPage && response.ok && response.url !== location.href) history.pushState(null, "", response.url);
  } catch (error) {
    if (error.name !== "AbortError") location.href = options.method ? location.href : url;
  } finally {
    panes.removeAttribute("aria-busy");
  }
}

function show(html, focus) {
  const scrolled = document.getElementById("desk-list")?.scrollTop ?? 0;
  const writing = panes.contains(document.activeElement) && isWriting(document.activeElement) ? document.activeElement.id : "";
  const menus = [...panes.querySelectorAll(".desk__menu")].map((menu) => menu.open);
  unpick();
  unpick = () => {};
  panes.innerHTML = html;
  // A menu in which somebody is choosing stays open.
  if (writing) panes.querySelectorAll(".desk__menu").forEach((menu, n) => (menu.open = menus[n] ?? false));
  const list = document.getElementById("desk-list");
  if (list) list.scrollTop = scrolled;
  panes.querySelector("#results [aria-current]")?.scrollIntoView({ block: "nearest" });
  const { number, title } = columns().dataset;
  document.title = [title, ...document.title.split(" · ").slice(1)].join(" · ");
  const summary = panes.querySelector("[data-takes-focus]");
  // A ready-made text was put in: it is read and changed next.
  const filled = panes.querySelector("[name=put]")?.form.querySelector("textarea");
  const target = summary || filled || document.getElementById(writing || (number ? focus : "desk-title"));
  target?.focus({ preventScroll: !summary });
  if (number && !isWide.matches) window.scrollTo(0, 0);
  const said = [...panes.querySelectorAll(".messages .notice__body > span")].map((node) => node.textContent.trim());
  if (said.length) announce(said.join(" "));
  showOnMap();
  sayHere();
  countChosen();
}

// --- forms that are filled by hand on a picture: the pin on the map, black boxes on a photo

let unpick = () => {};

document.addEventListener(
  "toggle",
  (event) => {
    const details = event.target;
    if (details.id === "action-move-pin") {
      unpick();
      unpick = details.open ? pickFor(details.querySelector("form")) : () => {};
    } else if (details.matches?.(".black-out") && details.open) drawBoxes(details);
  },
  true,
);

function pickFor(form) {
  const { latitude, longitude } = form.elements;
  return pickPlace(geoMap, { lon: Number(longitude.value), lat: Number(latitude.value) }, (lon, lat) => {
    longitude.value = lon.toFixed(6);
    latitude.value = lat.toFixed(6);
    // On a phone the map lies below all else: back to what is sent.
    if (!isWide.matches) form.scrollIntoView({ block: "center" });
  });
}

document.addEventListener("click", (event) => {
  if (event.target.closest(".pick-on-map")) {
    event.preventDefault();
    document.getElementById("map").scrollIntoView({ block: "center" });
  }
  const link = event.target.closest("a[data-swaps]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  go(link.href);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("form[data-swaps]")) {
    event.preventDefault();
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    go(`${form.action}?${query}`);
  } else if (form.closest("#desk-case") || form.matches("[data-undo]")) {
    event.preventDefault();
    post(form, event.submitter);
  }
});

function post(form, submitter) {
  const body = new FormData(form, submitter);
  go(submitter?.formAction && submitter.hasAttribute("formaction") ? submitter.formAction : form.action, { method: "POST", body });
}

// Filters act at once; the panes' form is a new one after each exchange.
panes.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-submits-on-change]");
  if (form) form.requestSubmit();
  if (event.target.matches("[name=n]")) countChosen();
  if (event.target.matches("[data-inserts]") && event.target.value) {
    event.target.form.requestSubmit(event.target.form.querySelector("[name=insert]"));
  }
});

window.addEventListener("popstate", () => go(location.href, { push: false }));

// --- rows and pins point at each other

for (const [type, gone] of [["pointerover", false], ["focusin", false], ["pointerout", true], ["focusout", true]]) {
  panes.addEventListener(type, (event) => {
    const row = event.target.closest("#results [data-tracking-number]");
    if (row) layer.highlight(gone ? columns().dataset.number || null : row.dataset.trackingNumber);
  });
}

// --- choosing several

function countChosen() {
  const said = panes.querySelector("[data-chosen]");
  if (!said) return;
  said.dataset.none ||= said.textContent;
  const n = panes.querySelectorAll("[name=n]:checked").length;
  said.textContent = n ? said.dataset.words.replace("{n}", n) : said.dataset.none;
}

// --- "somebody is on this": said while the page is seen, taken back when it is left

let hereUrl = null;

function beacon(url, gone) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]")?.value || "");
  if (gone) body.set("gone", "1");
  navigator.sendBeacon(url, body);
}

function sayHere() {
  const now = columns().dataset.here || null;
  if (hereUrl && hereUrl !== now) beacon(hereUrl, true);
  hereUrl = now;
}

setInterval(() => hereUrl && document.visibilityState === "visible" && beacon(hereUrl, false), HERE_MS);
window.addEventListener("pagehide", () => hereUrl && beacon(hereUrl, true));
sayHere();

// --- keys

const KEYS_OFF = "desk-keys-off";
const keysSwitch = document.getElementById("keys-on");
keysSwitch.checked = !localStorage.getItem(KEYS_OFF);
keysSwitch.addEventListener("change", () => {
  if (keysSwitch.checked) localStorage.removeItem(KEYS_OFF);
  else localStorage.setItem(KEYS_OFF, "1");
});
document.querySelector(".desk__help").hidden = false;

const COMMANDS = {
  j: () => follow("down"),
  k: () => follow("up"),
  u: () => columns().dataset.number && go(columns().dataset.back),
  x: choose,
  z: () => panes.querySelector("[data-undo] button")?.click(),
  "/": () => document.getElementById("desk-search")?.focus(),
  g: () => geoMap.focus(),
  "?": () => help.showModal(),
};

function follow(way) {
  const url = columns().dataset[way];
  if (url) go(url);
}

function choose() {
  const number = columns().dataset.number || document.activeElement.closest("[data-tracking-number]")?.dataset.trackingNumber;
  const box = number && rowOf(number)?.querySelector("[name=n]");
  if (!box) return;
  box.checked = !box.checked;
  countChosen();
}

function act(letter) {
  const action = panes.querySelector(`#desk-case [data-key="${letter}"]`);
  if (!action) return false;
  if (action.matches("form")) {
    post(action);
    return true;
  }
  action.closest(".case-more")?.setAttribute("open", "");
  action.open = true;
  const field = action.querySelector("select:not([data-inserts]), textarea, input:not([type=hidden])");
  field?.focus();
  action.scrollIntoView({ block: "nearest" });
  return true;
}

/** In an open form: the nth choice of its first select or radio buttons. One that asks for nothing else is sent at once. */
function pick(form, digit) {
  const select = form.querySelector("select:not([data-inserts])");
  const radios = form.querySelectorAll("input[type=radio]");
  if (select) {
    const options = [...select.options].filter((option) => option.value && !option.disabled);
    if (!options[digit - 1]) return false;
    select.value = options[digit - 1].value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  } else if (radios[digit - 1]) {
    radios[digit - 1].checked = true;
    radios[digit - 1].focus();
  } else return false;
  const asksMore = form.querySelector("textarea[required], input[required]:not([type=radio]), [data-asks-more]");
  if (!asksMore && form.querySelectorAll("textarea").length < 2) form.requestSubmit();
  return true;
}

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("#desk-case details[open] form");
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  if (form && event.key === "Escape") {
    event.preventDefault();
    const details = form.closest("details");
    details.open = false;
    details.querySelector("summary").focus();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help.open || !keysSwitch.checked) return;
  const letter = letterOf(event);
  const inSelect = event.target.matches?.("select, input[type=radio]");
  if (form && /^[1-9]$/.test(letter) && (inSelect || !isWriting(event.target))) {
    if (pick(form, Number(letter))) event.preventDefault();
    return;
  }
  if (isWriting(event.target) || geoMap.element.contains(event.target)) return;
  if (COMMANDS[letter]) {
    event.preventDefault();
    COMMANDS[letter]();
  } else if (act(letter)) event.preventDefault();
});

if (columns().dataset.number || settings.bbox) showOnMap();
countChosen();
