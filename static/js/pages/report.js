// The report form with a map: place by GPS, crosshair or name; category by words; what will happen, live; sending that
// survives a lost connection. Without this file the form still works, in two steps.

import { announce, debounce, el, fill, icon, readJson } from "gp/lib/dom";
import { forgetDraft, keepDraft, restoreDraft } from "gp/lib/draft";
import { Refused, Unreachable, getJson, post } from "gp/lib/fetch";
import { FileList } from "gp/lib/files";
import { rank } from "gp/lib/search";
import { createMap } from "gp/map/map";
import { Picker } from "gp/map/picker";

const RETRY_SECONDS = [3, 8, 20, 45];

const form = document.getElementById("report-form");
// What a clerk takes down is not mixed with what she writes for herself.
const DRAFT = form.dataset.draft || "report-draft";
const words = document.getElementById("report-words").dataset;
const byId = (id) => document.getElementById(id);
const inputs = { longitude: form.elements.longitude, latitude: form.elements.latitude };

if (!byId("report-errors").querySelector(".error-summary") && restoreDraft(form, DRAFT)) announce(words.restored);
keepDraft(form, DRAFT);

// --- the place

byId("report-map").hidden = false;
byId("map-tip").hidden = false;
byId("gps").hidden = false;
byId("no-map").open = Boolean(form.elements.district.value || byId("no-map").querySelector(".field--invalid"));
form.querySelectorAll("[data-without-script]").forEach((node) => node.remove());

const map = createMap(byId("map"), readJson("map-config"), { gestures: "greedy" });
const picker = new Picker(map, {
  inputs,
  gpsButton: byId("gps"),
  status: byId("gps-status"),
  words,
  onPick: () => {
    form.elements.district.value = "";
  },
});

const placeQuery = byId("place-query");
const placeResults = byId("place-results");
let searching;

async function searchPlaces() {
  const query = placeQuery.value.trim();
  searching?.abort();
  placeResults.replaceChildren();
  if (query.length < 2) return;
  searching = new AbortController();
  try {
    const { places } = await getJson(withQuery(form.dataset.placesUrl, { q: query }), { signal: searching.signal });
    showPlaces(places);
  } catch (error) {
    if (error.name !== "AbortError") placeResults.replaceChildren(el("p", { class: "small muted" }, words.noPlaces));
  }
}

function showPlaces(places) {
  if (!places.length) {
    placeResults.replaceChildren(el("p", { class: "small muted", role: "status" }, words.noPlaces));
    return;
  }
  const rows = places.map((place) =>
    el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "place-hit", onclick: () => choosePlace(place) },
        icon("pin"),
        el("span", {}, place.name, el("small", {}, place.kind_label)),
      ),
    ),
  );
  placeResults.replaceChildren(el("ul", {}, rows));
}

function choosePlace(place) {
  picker.choose(place.longitude, place.latitude, place.kind === "district" ? 15 : 17);
  placeQuery.value = place.name;
  placeResults.replaceChildren();
  map.focus();
}

placeQuery.addEventListener("input", debounce(searchPlaces, 250));
placeQuery.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  placeResults.querySelector("button")?.click();
});

form.elements.district.addEventListener("change", () => {
  if (form.elements.district.value) {
    inputs.longitude.value = "";
    inputs.latitude.value = "";
  }
});

// --- what it is about

const index = readJson("category-index");
const hits = byId("category-hits");
const categoryQuery = byId("category-query");
const chosenBox = byId("category-chosen");
const pickers = form.querySelector(".categories");
byId("category-search").hidden = false;

const radioOf = (code) => byId(`category-${code}`);

function nameOf(radio) {
  return radio.closest("label").querySelector(".choice__name").textContent;
}

categoryQuery.addEventListener("input", () => {
  const query = categoryQuery.value.trim();
  const found = query ? rank(query, index, (row) => row.texts).slice(0, 6) : [];
  hits.hidden = !query;
  pickers.hidden = Boolean(query) && found.length > 0;
  if (!query) return;
  hits.replaceChildren(...(found.length ? found.map(hit) : [el("li", { class: "small muted" }, words.noCategories)]));
});
categoryQuery.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  hits.querySelector("button")?.click();
});

function hit({ code }) {
  const radio = radioOf(code);
  const service = radio.closest("details");
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", class: `category-hit ${serviceClass(service)}`, onclick: () => chooseCategory(code) },
      service.querySelector(".picker__arch").cloneNode(true),
      el("span", {}, nameOf(radio), el("small", {}, serviceName(service))),
    ),
  );
}

function chooseCategory(code) {
  const radio = radioOf(code);
  radio.checked = true;
  radio.closest("details").open = true;
  radio.dispatchEvent(new Event("change", { bubbles: true }));
}

function serviceClass(details) {
  return [...details.classList].find((name) => name.startsWith("svc-")) || "";
}

function serviceName(details) {
  return details.querySelector(".picker__name").firstChild.textContent.trim();
}

// Once chosen, the long list makes room for one line that says what was chosen.
function showChosen({ moveFocus = false } = {}) {
  const radio = form.querySelector("input[name=category]:checked");
  chosenBox.hidden = !radio;
  pickers.hidden = Boolean(radio);
  byId("category-search").hidden = Boolean(radio);
  hits.hidden = true;
  categoryQuery.value = "";
  if (!radio) return;
  const service = radio.closest("details");
  chosenBox.className = `category-chosen ${serviceClass(service)}`;
  const change = el("button", { type: "button", class: "button button--small", onclick: chooseAnew }, words.change);
  chosenBox.replaceChildren(
    service.querySelector(".picker__arch").cloneNode(true),
    el("div", { class: "category-chosen__text" }, el("strong", {}, nameOf(radio)), el("small", {}, serviceName(service))),
    change,
  );
  if (moveFocus) change.focus();
}

function chooseAnew() {
  chosenBox.hidden = true;
  pickers.hidden = false;
  byId("category-search").hidden = false;
  categoryQuery.focus();
}

// The arrow keys walk through radios, choosing each: then the list stays. Any other choice closes it.
let walking = false;
pickers.addEventListener("keydown", (event) => {
  walking = event.key.startsWith("Arrow");
});
pickers.addEventListener("pointerdown", () => {
  walking = false;
});
pickers.addEventListener("change", () => {
  // What held the focus is about to be hidden.
  const held = [pickers, hits, categoryQuery].some((part) => part.contains(document.activeElement));
  if (!walking) showChosen({ moveFocus: held });
});

// --- what will happen

const questions = byId("questions");
const preview = byId("preview");
showPlaceFault();
let checking;
let lastCheck = "";
const CHECKED = ["category", "longitude", "latitude", "district", "kind", "description"];

async function check() {
  const data = new FormData(form);
  const query = {};
  for (const name of CHECKED) query[name] = data.get(name) || "";
  const asked = JSON.stringify(query);
  if (asked === lastCheck) return;
  checking?.abort();
  checking = new AbortController();
  preview.classList.add("loading");
  try {
    // Her words belong into no address: they travel in the body.
    const body = new URLSearchParams({ ...query, csrfmiddlewaretoken: data.get("csrfmiddlewaretoken") });
    const response = await fetch(form.dataset.checkUrl, { method: "POST", body, signal: checking.signal });
    if (!response.ok) throw new Unreachable(String(response.status));
    const parts = new DOMParser().parseFromString(await response.text(), "text/html");
    lastCheck = asked;
    showQuestions(parts.querySelector("[data-part=questions]"), query.category);
    preview.replaceChildren(...document.adoptNode(parts.querySelector("[data-part=preview]")).childNodes);
    showPlaceFault();
  } catch (error) {
    if (error.name === "AbortError") return;
    // The preview is a courtesy: the report can be sent without it, and the receipt says the same.
  }
  preview.classList.remove("loading");
}

// The preview says it aloud; here it is for the eye.
function showPlaceFault() {
  const fault = preview.querySelector("[data-place-fault]")?.cloneNode(true);
  fault?.setAttribute("aria-hidden", "true");
  byId("place-fault").replaceChildren(...(fault ? [fault] : []));
}

// Questions of the same category stay as they are: they may hold answers.
function showQuestions(fresh, category) {
  const asked = questions.querySelector("input[name=asked]");
  if (asked?.value === category && category) return;
  const before = readDraftAnswers();
  questions.replaceChildren(...document.adoptNode(fresh).childNodes);
  for (const [name, value] of before) {
    for (const control of questions.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (control.type === "radio" || control.type === "checkbox") control.checked ||= control.value === value;
      else if (!control.value) control.value = value;
    }
  }
}

function readDraftAnswers() {
  try {
    return (JSON.parse(sessionStorage.getItem(DRAFT)) || []).filter(([name]) => name.startsWith("answer_"));
  } catch {
    return [];
  }
}

const checkSoon = debounce(check, 200);
form.addEventListener("change", (event) => {
  if (CHECKED.includes(event.target.name)) checkSoon();
});

// --- files

const files = new FileList({ input: form.elements.files, list: byId("file-list"), words });
form.querySelector(".report-files").classList.remove("only-with-script");

// --- sending

const sendButton = byId("send");
const sendStatus = byId("send-status");
sendButton.firstChild.textContent = `${sendButton.dataset.send} `;
let attempt = 0;
let retryTimer;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt = 0;
  send();
});
addEventListener("online", () => {
  if (retryTimer) send();
});

async function send() {
  clearTimeout(retryTimer);
  retryTimer = null;
  if (sendButton.disabled) return;
  sendButton.disabled = true;
  say(words.sending);
  try {
    const body = new FormData(form);
    body.delete("files");
    for (const file of await files.ready()) body.append("files", file, file.name);
    const { next } = await post(form.action, body, { headers: { "Idempotency-Key": form.elements.key.value } });
    forgetDraft(DRAFT);
    location.assign(next);
    return;
  } catch (error) {
    if (error instanceof Refused && error.status < 500) showErrors(error);
    else waitAndRetry(error);
  }
  sendButton.disabled = false;
}

function waitAndRetry(error) {
  const again = el("button", { type: "button", class: "button button--small", onclick: () => send() }, words.retry);
  const text = error instanceof Unreachable ? words.offline : words.failed;
  sendStatus.replaceChildren(
    el("div", { class: "notice notice--warning" }, icon("alert"), el("div", { class: "notice__body" }, el("p", {}, text), again)),
  );
  const seconds = RETRY_SECONDS[attempt];
  attempt += 1;
  if (seconds) retryTimer = setTimeout(send, seconds * 1000);
}

function say(text) {
  sendStatus.replaceChildren(el("p", { class: "small muted" }, text));
}

function showErrors(refused) {
  sendStatus.replaceChildren();
  for (const node of form.querySelectorAll(".field__error[data-live]")) node.remove();
  for (const node of form.querySelectorAll(".field--invalid")) node.classList.remove("field--invalid");
  const faults = refused.errors.length ? refused.errors : [{ field: "", message: refused.detail || words.failed }];
  const rows = faults.map(({ field, message }) => el("li", {}, markField(field, message) || message));
  const summary = el(
    "div",
    { class: "error-summary", role: "alert", tabindex: "-1" },
    el("h2", {}, words.check),
    el("ul", {}, rows),
    el("p", { class: "small" }, words.kept),
  );
  byId("report-errors").querySelector(".error-summary")?.remove();
  byId("report-errors").append(summary);
  summary.focus();
  summary.scrollIntoView({ block: "center" });
}

// Marks the field and gives a link to it; null when the fault is of no field.
function markField(name, message) {
  const control = name && form.querySelector(`[name="${CSS.escape(name)}"]`);
  if (!control) return null;
  if (["district", "longitude", "latitude"].includes(name)) byId("no-map").open = true;
  if (["longitude", "latitude"].includes(name)) form.querySelector(".coordinates").open = true;
  const field = control.closest(".field, .categories");
  field.classList.add("field--invalid");
  const error = el("ul", { class: "field__error", dataset: { live: "" } }, el("li", {}, icon("alert"), " ", message));
  const label = field.querySelector(".field__label, legend");
  if (label) label.after(error);
  else field.prepend(error);
  control.id ||= `field-${name}`;
  return el("a", { href: `#${field.id || control.id}` }, message);
}

function withQuery(url, values) {
  const address = new URL(url, location.href);
  for (const [name, value] of Object.entries(values)) if (value) address.searchParams.set(name, value);
  return address;
}

if (form.querySelector("input[name=category]:checked")) showChosen();
check();
