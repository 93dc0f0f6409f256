// Coverage: findings on the map and in the list point at each other.

import { announce, readJson } from "gp/lib/dom";
import { getJson } from "gp/lib/fetch";
import { showFindings } from "gp/map/findings";
import { createMap } from "gp/map/map";

const settings = readJson("coverage-settings");
const geoMap = createMap(document.getElementById("map"), readJson("map-config"));
const rows = [...document.querySelectorAll("[data-finding]")];

function select(key) {
  for (const row of rows) row.classList.toggle("is-highlighted", row.id === key);
  document.getElementById(key)?.scrollIntoView({ block: "nearest" });
}

try {
  const highlight = showFindings(geoMap, await getJson(settings.url), { onSelect: select });
  for (const row of rows) {
    for (const event of ["pointerenter", "focusin"]) row.addEventListener(event, () => highlight(row.id));
    for (const event of ["pointerleave", "focusout"]) row.addEventListener(event, () => highlight(null));
  }
} catch {
  announce(settings.failed);
}
