// The home page: the map and the list are two views of one filter. A change of the filter fetches the page's own list.

import { debounce, readJson } from "gp/lib/dom";
import { turn } from "gp/lib/turns";
import { ComplaintLayer } from "gp/map/clusters";
import { createMap } from "gp/map/map";
import { PlaceNames } from "gp/map/names";

const form = document.getElementById("filters");
const results = document.getElementById("results");
const settings = readJson("home-settings");
const reportLink = document.getElementById("report-here");

const map = createMap(document.getElementById("map"), readJson("map-config"), {
  view: viewOf(location.hash),
  namesQuarters: !settings.names.length,
});
const layer = new ComplaintLayer(map, {
  settings,
  filters,
  listUrl: (bbox) => addressOf(bbox),
  words: document.getElementById("map-words").dataset,
  onSelect: showRow,
  onList: listPart,
  onShow: () => names?.arrange(),
});
let names = null;
// Raster tiles bring names of their own.
if (settings.names.length) {
  turn().then(() => {
    names = new PlaceNames(map, settings.names, { taken: () => layer.boxes() });
  });
}

function filters() {
  const query = chosen();
  if (!query.has("jurisdiction")) query.set("jurisdiction", settings.jurisdiction);
  return query;
}

function chosen() {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
}

function addressOf(bbox = null) {
  const query = chosen();
  if (bbox) query.set("bbox", bbox);
  return `${form.action.split("?")[0]}?${query}`;
}

// --- the filter

let request;

async function apply() {
  layer.refresh();
  await list(addressOf(), null);
}

// The list of an address; `part`: the part of the map of which it tells.
async function list(address, part) {
  history.replaceState(null, "", `${address}${location.hash}`);
  layer.outline(part);
  await load(address);
}

async function listPart(address, part) {
  await list(address, part);
  const count = document.getElementById("home-count");
  count?.focus({ preventScroll: true });
  count?.scrollIntoView({ block: "nearest" });
}

async function load(address) {
  request?.abort();
  request = new AbortController();
  results.classList.add("loading");
  try {
    const response = await fetch(address, { signal: request.signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("results");
    if (!fresh) throw new Error("no results");
    results.replaceChildren(...document.adoptNode(fresh).childNodes);
  } catch (error) {
    if (error.name === "AbortError") return;
    // Let the browser say what it cannot reach.
    location.assign(address);
  }
  results.classList.remove("loading");
}

form.addEventListener("change", apply);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  apply();
});

results.addEventListener("click", (event) => {
  if (!event.target.closest("[data-whole]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  listPart(addressOf(), null);
});

layer.outline(settings.bbox);

// --- list and map point at each other

results.addEventListener("pointerover", (event) => highlight(event.target));
results.addEventListener("focusin", (event) => highlight(event.target));
results.addEventListener("pointerleave", () => layer.highlight(null));

function highlight(node) {
  layer.highlight(node.closest(".row")?.dataset.trackingNumber || null);
}

function showRow(trackingNumber) {
  for (const row of results.querySelectorAll(".row")) {
    const isIt = row.dataset.trackingNumber === trackingNumber;
    row.classList.toggle("is-highlighted", isIt);
    if (isIt && getComputedStyle(results.parentElement).overflowY === "auto") row.scrollIntoView({ block: "nearest" });
  }
}

// --- the address names what is seen, and a report begins there

function viewOf(hash) {
  const found = /^#map=([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)$/.exec(hash);
  return found ? { zoom: Number(found[1]), lat: Number(found[2]), lon: Number(found[3]) } : null;
}

const remember = debounce(({ zoom, lat, lon }) => {
  history.replaceState(null, "", `${location.pathname}${location.search}#map=${zoom}/${lat.toFixed(5)}/${lon.toFixed(5)}`);
  const address = new URL(reportLink.href);
  const near = zoom >= 16;
  for (const [name, value] of [["longitude", lon], ["latitude", lat]]) {
    if (near) address.searchParams.set(name, value.toFixed(6));
    else address.searchParams.delete(name);
  }
  reportLink.href = address;
}, 300);
map.onMove(remember);
