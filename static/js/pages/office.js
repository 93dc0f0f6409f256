// The office's heat map: squares that follow the zoom, a legend that follows the squares, and what one square says. Over them,
// for who asks, the complaints themselves.

import { el, fill, readJson } from "gp/lib/dom";
import { getJson } from "gp/lib/fetch";
import { formatNumber, formatPercent } from "gp/lib/format";
import { ComplaintLayer } from "gp/map/clusters";
import { HeatLayer, heatLegend } from "gp/map/heat";
import { showHotSpots } from "gp/map/hot-spots";
import { createMap } from "gp/map/map";

const settings = readJson("heat-settings");
const map = createMap(document.getElementById("map"), readJson("map-config"));
const legend = document.getElementById("heat-legend");
const said = document.getElementById("heat-cell");
let heat = null;
let layer = null;
let asked = null;

const zoomStep = () => Math.round(map.view.zoom);

async function show() {
  const zoom = zoomStep();
  if (zoom === asked) return;
  asked = zoom;
  try {
    const answer = await getJson(`${settings.url}&zoom=${zoom}`);
    if (zoom === asked) draw(answer);
  } catch {
    asked = null;
    said.textContent = settings.words.failed;
  }
}

function draw(answer) {
  heat = answer;
  // What stands on too few cases gets no colour, only the hatching.
  const cells = answer.cells.map((cell) => (cell.few ? { ...cell, value: null } : cell));
  const data = { ...answer, cells };
  if (layer) layer.replace(data);
  else layer = new HeatLayer(map, data, { onSelect: describe });
  const classes = settings.percent ? answer.classes.map((limit) => limit * 100) : answer.classes;
  const words = { ...settings.words, unit: settings.percent ? `${answer.unit_of_measure} (%)` : answer.unit_of_measure };
  const node = heatLegend({ ...answer, classes }, words);
  if (answer.unplaced) node.append(el("p", {}, fill(words.unplaced, { n: formatNumber(answer.unplaced) })));
  if (settings.hotSpots.length) node.append(el("p", {}, settings.words.hotSpots));
  legend.replaceChildren(node);
}

function describe({ x, y, n, value }) {
  const list = el("a", { href: `${settings.list}&squares=${heat.cell_zoom}.${x}.${y}` });
  list.textContent = settings.words.open;
  const figure = settings.percent && value !== null ? formatPercent(value) : value !== null && formatNumber(value);
  const text = value === null ? settings.words.unknown : fill(settings.words.cell, { value: figure, n: formatNumber(n) });
  said.replaceChildren(text, " ", list);
}

// --- the complaints themselves, over paled squares

const shownToo = document.getElementById("office-complaints");
let complaints = null;

shownToo.addEventListener("change", () => {
  map.element.classList.toggle("map--pale", shownToo.checked);
  if (complaints) complaints.show(shownToo.checked);
  else complaints = complaintLayer();
});

function complaintLayer() {
  return new ComplaintLayer(map, {
    settings: settings.complaints,
    filters: () => new URLSearchParams(settings.complaints.query),
    listUrl: (bbox) => `${settings.list}&bbox=${bbox}`,
    words: document.getElementById("map-words").dataset,
  });
}

map.onMove(show);
showHotSpots(map, settings.hotSpots);
show();
