// Honest heat: squares in fixed classes, hatched where there is too little to say, with a legend that gives unit, period
// and number.

import { el, fill } from "gp/lib/dom";
import { formatDate, formatNumber } from "gp/lib/format";
import { classOf, tileBounds } from "gp/lib/geo";

const { L } = window;
export const CLASS_COUNT = 6;

const SquaresLayer = L.Layer.extend({
  initialize(data) {
    this.data = data;
  },

  onAdd(map) {
    this.canvas = L.DomUtil.create("canvas", "heat-canvas leaflet-zoom-hide");
    this.getPane().append(this.canvas);
    map.on("moveend resize", this.draw, this);
    document.addEventListener("gp:theme", (this.onTheme = () => this.draw()));
    this.draw();
  },

  onRemove(map) {
    map.off("moveend resize", this.draw, this);
    document.removeEventListener("gp:theme", this.onTheme);
    this.canvas.remove();
  },

  draw() {
    const map = this._map;
    const size = map.getSize();
    const ratio = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint([0, 0]));
    Object.assign(this.canvas, { width: size.x * ratio, height: size.y * ratio });
    Object.assign(this.canvas.style, { width: `${size.x}px`, height: `${size.y}px` });
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    const css = getComputedStyle(document.documentElement);
    const colours = Array.from({ length: CLASS_COUNT }, (_, i) => css.getPropertyValue(`--heat-${i + 1}`).trim());
    const hatch = hatching(context, css.getPropertyValue("--ink-3").trim());
    for (const cell of this.data.cells) {
      const [west, south, east, north] = tileBounds(cell.x, cell.y, this.data.cell_zoom);
      const corner = map.latLngToContainerPoint([north, west]);
      const opposite = map.latLngToContainerPoint([south, east]);
      const [width, height] = [opposite.x - corner.x, opposite.y - corner.y];
      if (opposite.x < 0 || opposite.y < 0 || corner.x > size.x || corner.y > size.y) continue;
      const unknown = cell.suppressed || cell.value === null;
      context.globalAlpha = unknown ? 0.9 : 0.82;
      context.fillStyle = unknown ? hatch : colours[Math.min(classOf(cell.value, this.data.classes), CLASS_COUNT - 1)];
      context.fillRect(corner.x + 0.5, corner.y + 0.5, width - 1, height - 1);
    }
  },

  cellAt(latlng) {
    return this.data.cells.find((cell) => {
      const [west, south, east, north] = tileBounds(cell.x, cell.y, this.data.cell_zoom);
      return latlng.lng >= west && latlng.lng < east && latlng.lat > south && latlng.lat <= north;
    });
  },
});

/** Squares of a heat.json answer on the map. `onSelect(cell)` hears a click on one. `replace(data)` shows another answer. */
export class HeatLayer {
  constructor(geoMap, data, { onSelect = null } = {}) {
    this.geoMap = geoMap;
    this.replace(data);
    if (!onSelect) return;
    geoMap.leaflet.on("click", (event) => {
      const cell = this.layer.cellAt(event.latlng);
      if (cell) onSelect(cell);
    });
  }

  replace(data) {
    this.layer?.remove();
    this.layer = new SquaresLayer(data).addTo(this.geoMap.leaflet);
  }
}

/**
 * The legend as a node. `words`: title, unit, tooFew, fewer "less than {to}", range "{from} to {to}", more "{from} and
 * more", facts "n = {n}, {from} – {to}" (period given as {from, to}, dates), source.
 */
export function heatLegend({ classes, n, period }, words) {
  const rows = [];
  for (let index = 0; index <= Math.min(classes.length, CLASS_COUNT - 1); index += 1) {
    const [from, to] = [classes[index - 1], classes[index]].map((limit) => (limit === undefined ? "" : formatNumber(limit)));
    const last = index === Math.min(classes.length, CLASS_COUNT - 1);
    const template = index === 0 ? words.fewer : last ? words.more : words.range;
    rows.push(el("li", {}, el("span", { class: `heat-swatch heat-${index + 1}` }), fill(template, { from, to })));
  }
  rows.push(el("li", {}, el("span", { class: "heat-swatch heat-hatched" }), words.tooFew));
  const facts = { n: formatNumber(n), from: formatDate(period.from), to: formatDate(period.to) };
  return el(
    "section",
    { class: "heat-legend" },
    el("h2", {}, words.title),
    el("p", {}, words.unit),
    el("ul", {}, rows),
    el("p", {}, fill(words.facts, facts)),
    words.source && el("p", {}, words.source),
  );
}

function hatching(context, ink) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.strokeStyle = ink;
  pen.lineWidth = 1.2;
  pen.beginPath();
  for (const offset of [-8, 0, 8]) {
    pen.moveTo(offset, 8);
    pen.lineTo(offset + 8, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}
