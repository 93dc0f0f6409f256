// A file's features and its defects on the map; list and map point at each other.

import { readJson } from "gp/lib/dom";
import { getJson } from "gp/lib/fetch";
import { defects, fitTo, outlines } from "gp/map/boundaries";
import { createMap } from "gp/map/map";

const settings = readJson("boundary-settings");
const element = document.getElementById("map");
const geoMap = createMap(element, readJson("map-config"));
const language = document.documentElement.lang;
let highlight = () => {};

function select(key) {
  for (const row of document.querySelectorAll(".boundary-defect")) {
    row.classList.toggle("is-highlighted", row.dataset.key === key);
  }
  highlight(key);
}

async function show() {
  element.setAttribute("aria-busy", "true");
  try {
    const shapes = await getJson(settings.url);
    const name = ({ name: names, code, number }) => `${names[language] || code} (${number})`;
    fitTo(geoMap, outlines(geoMap, shapes.features, { look: "new", name }));
    highlight = defects(geoMap, shapes.defects, {
      onSelect: ({ key, code }) => {
        const row = document.getElementById(key);
        // The row stands on another page of the list.
        if (!row) window.location.assign(`?code=${encodeURIComponent(code)}#${encodeURIComponent(key)}`);
        select(key);
        row?.scrollIntoView({ block: "nearest" });
        row?.focus({ preventScroll: true });
      },
    });
  } catch {
    element.setAttribute("data-failed", settings.words.failed);
  }
  element.removeAttribute("aria-busy");
}

for (const button of document.querySelectorAll("[data-shows]")) {
  button.addEventListener("click", () => {
    select(button.dataset.shows);
    geoMap.moveTo(Number(button.dataset.lon), Number(button.dataset.lat), 17);
    element.scrollIntoView({ block: "nearest" });
    geoMap.focus();
  });
}

show();
