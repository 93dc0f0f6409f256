// The desk: its map, and rows and pins that point at each other.

import { readJson } from "gp/lib/dom";
import { ComplaintLayer } from "gp/map/clusters";
import { createMap } from "gp/map/map";

const settings = readJson("desk-settings");
const element = document.getElementById("map");
const geoMap = createMap(element, readJson("map-config"));
const layer = new ComplaintLayer(geoMap, {
  url: settings.url,
  filters: () => new URLSearchParams(settings.query),
  symbols: settings.symbols,
  words: document.getElementById("map-words").dataset,
  onSelect: (number) => {
    const row = rowOf(number);
    for (const other of document.querySelectorAll("#results .is-highlighted")) other.classList.remove("is-highlighted");
    row?.classList.add("is-highlighted");
    row?.scrollIntoView({ block: "nearest" });
  },
});

function rowOf(number) {
  return document.querySelector(`#results [data-tracking-number="${CSS.escape(number)}"]`);
}

for (const row of document.querySelectorAll("#results [data-tracking-number]")) {
  for (const event of ["pointerenter", "focusin"]) {
    row.addEventListener(event, () => layer.highlight(row.dataset.trackingNumber));
  }
  for (const event of ["pointerleave", "focusout"]) row.addEventListener(event, () => layer.highlight(null));
}
