// What to follow: only the fields of the chosen kind are shown, an area is drawn on the map, and the feed's address says
// the same as the form.

import { fill, readJson } from "gp/lib/dom";
import { AreaDrawing } from "gp/map/area";
import { createMap } from "gp/map/map";

const form = document.getElementById("follow-form");
const status = document.getElementById("corner-status");
const feed = document.getElementById("feed-link");
const area = form.elements.area;
let drawing = null;

function subject() {
  return form.elements.subject.value;
}

function show() {
  for (const part of form.querySelectorAll("[data-of]")) part.hidden = part.dataset.of !== subject();
  if (subject() === "area") startDrawing();
  showFeed();
}

function startDrawing() {
  if (drawing) return;
  const map = createMap(document.getElementById("map"), readJson("map-config"));
  const corners = area.value ? area.value.split(",").map((corner) => corner.split(" ").map(Number)) : [];
  drawing = new AreaDrawing(map, { corners, onChange: keep });
  document.getElementById("corner-here").addEventListener("click", () => drawing.addAtMiddle());
  document.getElementById("corner-undo").addEventListener("click", () => drawing.undo());
  document.getElementById("corner-clear").addEventListener("click", () => drawing.clear());
}

function keep(corners) {
  area.value = corners.map((corner) => corner.join(" ")).join(",");
  const words = corners.length === 0 ? status.dataset.none : corners.length < 3 ? status.dataset.some : status.dataset.enough;
  status.textContent = fill(words, { n: String(corners.length) });
  showFeed();
}

function showFeed() {
  const query = new URLSearchParams({ jurisdiction: feed.dataset.jurisdiction });
  const value = (name) => form.elements[name]?.value || "";
  if (subject() === "district" && value("district")) query.set("district", value("district"));
  if (subject() === "street" && value("place")) {
    query.set("street", value("place"));
    query.set("radius", value("radius"));
  }
  if (subject() === "area" && area.value) query.set("area", area.value);
  const [service, category] = value("about").split("/");
  if (category) query.set("category", category);
  else if (service) query.set("service", service);
  feed.href = `${feed.dataset.feed}?${query}`;
}

form.addEventListener("change", show);
show();
