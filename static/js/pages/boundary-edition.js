// Old and new boundaries with a curtain between them, and what changes hands.

import { announce, readJson } from "gp/lib/dom";
import { getJson } from "gp/lib/fetch";
import { curtain, fitTo, outlines, pane } from "gp/map/boundaries";
import { createMap } from "gp/map/map";

const settings = readJson("boundary-settings");
const element = document.getElementById("map");
const geoMap = createMap(element, readJson("map-config"));
const language = document.documentElement.lang;
const slider = document.getElementById("curtain");
const both = document.getElementById("both");

async function show() {
  element.setAttribute("aria-busy", "true");
  try {
    draw(await getJson(settings.url));
  } catch {
    announce(settings.failed);
  }
  element.removeAttribute("aria-busy");
}

function draw(shapes) {
  const name = ({ name: names, code }) => names[language] || names.fr || code;
  const panes = { old: pane(geoMap, "old", 410), new: pane(geoMap, "new", 420) };
  const before = shapes.old && outlines(geoMap, shapes.old, { look: "old", paneName: "old", name });
  const after = outlines(geoMap, shapes.new, { look: "new", paneName: "new", name });
  fitTo(geoMap, before, after);
  if (shapes.moved) {
    pane(geoMap, "moved", 430);
    outlines(geoMap, shapes.moved, { look: "moved", paneName: "moved" });
  }
  if (!before || !slider) return;
  const lift = curtain(geoMap, panes.old, panes.new);
  const move = () => {
    slider.disabled = both.checked;
    slider.setAttribute("aria-valuetext", `${slider.value} %`);
    lift(both.checked ? null : Number(slider.value) / 100);
  };
  slider.addEventListener("input", move);
  both.addEventListener("change", move);
  move();
}

show();
