// Complaints on the map: counted cells from afar, pins from near, as the server decides. The browser's work does not
// grow with the number of complaints.

import { announce, debounce, el, fill, icon } from "gp/lib/dom";
import { getJson } from "gp/lib/fetch";
import { formatNumber, listComma } from "gp/lib/format";
import { PIN_SIZE, nodeMarker, openPopup, pin } from "gp/map/markers";

const { L } = window;
const SVG = "http://www.w3.org/2000/svg";
// Upper limits of n for the five sizes of a cell, and their diameters in pixels.
const SIZES = [
  [9, 36],
  [49, 42],
  [199, 50],
  [999, 58],
  [Infinity, 66],
];

const AT_ONCE = 20;
const NARROW_PX = 520;

// Pins nearer than this many pixels (across, down) become one button: a pin that covers another cannot be hit.
// Places that are public as a grid cell share their point, so this happens at every zoom.
const APART = [36, 40];

// A promise may pass while the page is open: what is on the map is asked for again.
const REFRESH_MS = 45_000;

/**
 * A layer that keeps asking `url` for what the map shows.
 * `filters()` gives a URLSearchParams; `symbols` maps a service code to its icon; `words` are translated texts with places:
 * cell "{n} … {open} … {late}", point "{category} {state} {number}", reports "{n}", late, open, close, failed, shown "{n}".
 * `onLoad(data)` hears each answer, `onShow()` comes when the map shows it, `onSelect(trackingNumber)` is told each opened pin.
 */
export class ComplaintLayer {
  constructor(geoMap, { url, filters = () => new URLSearchParams(), symbols = {}, words, onLoad, onSelect, onShow, onError }) {
    Object.assign(this, { geoMap, url, filters, symbols, words, onLoad, onSelect, onShow, onError });
    this.group = L.layerGroup().addTo(geoMap.leaflet);
    this.markers = new Map();
    this.refresh = debounce(() => this.#load(), 120);
    geoMap.onMove(this.refresh);
    setInterval(() => document.visibilityState === "visible" && this.#load({ quietly: true }), REFRESH_MS);
    this.#load();
  }

  /** Make the pin of a complaint stand out while its row is pointed at; null for none. */
  highlight(trackingNumber) {
    for (const [key, { node }] of this.markers) {
      node.classList.toggle("is-highlighted", Boolean(trackingNumber) && key.split(",").includes(trackingNumber));
    }
  }

  /** What the circles and pins cover: boxes {left, top, right, bottom} in pixels of the map's window. */
  boxes() {
    return [...this.markers.values()].map(({ marker }) => {
      const { x, y } = this.geoMap.leaflet.latLngToContainerPoint(marker.getLatLng());
      const { iconSize, iconAnchor } = marker.options.icon.options;
      const [left, top] = [x - iconAnchor[0], y - iconAnchor[1]];
      return { left, top, right: left + iconSize[0], bottom: top + iconSize[1] };
    });
  }

  async #load({ quietly = false } = {}) {
    this.request?.abort();
    this.request = new AbortController();
    const { bbox, zoom } = this.geoMap.view;
    const query = this.filters();
    query.set("bbox", bbox.join(","));
    query.set("zoom", Math.floor(zoom));
    this.geoMap.element.setAttribute("aria-busy", "true");
    try {
      const data = await getJson(`${this.url}${this.url.includes("?") ? "&" : "?"}${query}`, { signal: this.request.signal });
      if (!(await this.#show(data))) return;
      if (!quietly) announce(fill(this.words.shown, { n: formatNumber(data.n) }));
      this.onLoad?.(data);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!quietly) announce(this.words.failed);
      this.onError?.(error);
    }
    this.geoMap.element.removeAttribute("aria-busy");
  }

  // Markers that stay keep their node, and with it the keyboard's focus. Some at a time, so that a slow phone goes on answering;
  // false if another view was asked for meanwhile, which puts its own in their place.
  async #show(data) {
    const { request } = this;
    const rows = new Map();
    for (const cell of data.cells || []) rows.set(`${cell.bbox.join()}:${cell.n}:${cell.late}:${cell.service}`, cell);
    for (const points of this.#heaps(data.points || [])) {
      rows.set(points.map(({ tracking_number, late, reports, state }) => [tracking_number, late, reports, state]).join(), points);
    }
    const hadFocus = this.geoMap.element.contains(document.activeElement);
    // A phone's map is small: full-sized circles would lie on each other. Asked once: between two markers it would lay out all.
    this.scale = this.geoMap.element.clientWidth < NARROW_PX ? 0.82 : 1;
    for (const [key, { marker }] of this.markers) {
      if (rows.has(key)) continue;
      marker.remove();
      this.markers.delete(key);
    }
    for (const [key, row] of rows) {
      if (this.markers.has(key)) continue;
      const made = data.kind === "cells" ? this.#cell(row) : row.length > 1 ? this.#heap(row) : this.#point(row[0]);
      made.marker.addTo(this.group);
      this.markers.set(key, made);
      if (this.markers.size % AT_ONCE) continue;
      await new Promise((resume) => setTimeout(resume));
      if (this.request !== request) return false;
    }
    if (hadFocus && !this.geoMap.element.contains(document.activeElement)) this.geoMap.focus();
    this.onShow?.();
    return true;
  }

  // Lists of points that lie (nearly) on each other at this zoom; most hold one.
  #heaps(points) {
    const heaps = [];
    for (const point of points) {
      const place = this.geoMap.leaflet.latLngToLayerPoint([point.lat, point.lon]);
      const heap = heaps.find(
        (other) => Math.abs(other.place.x - place.x) < APART[0] && Math.abs(other.place.y - place.y) < APART[1],
      );
      if (heap) heap.points.push(point);
      else heaps.push({ place, points: [point] });
    }
    return heaps.map((heap) => heap.points);
  }

  #heap(points) {
    const [{ lon, lat, service }] = points;
    const same = points.every((point) => point.service === service);
    const made = this.#cell({
      lon,
      lat,
      n: points.length,
      open: points.filter((point) => !point.state_group || point.state_group === "open").length,
      late: points.filter((point) => point.late).length,
      service: same ? service : null,
      onSelect: () => this.#list(points, made.node),
    });
    return made;
  }

  #list(points, opener) {
    const rows = points.map((point) =>
      el(
        "li",
        { class: `svc-${point.service}` },
        el("a", { href: point.url }, point.category),
        el("span", { class: "muted" }, ` ${point.state_label} `),
        el("span", { class: "tracking-number" }, point.tracking_number),
      ),
    );
    const content = [el("h2", { class: "map-popup__title" }, opener.title), el("ul", { class: "map-popup__list" }, rows)];
    openPopup(this.geoMap.leaflet, [points[0].lon, points[0].lat], content, { closeLabel: this.words.close, opener, lift: 34 });
  }

  #cell(cell) {
    const size = SIZES.findIndex(([limit]) => cell.n <= limit);
    const label = fill(this.words.cell, {
      n: formatNumber(cell.n),
      open: formatNumber(cell.open),
      late: formatNumber(cell.late),
    });
    const diameter = Math.round(SIZES[size][1] * this.scale);
    const node = el(
      "button",
      {
        type: "button",
        class: `map-cell map-cell--${size + 1} ${cell.service ? `svc-${cell.service}` : ""}`,
        "aria-label": label,
        title: label,
        onclick: cell.onSelect || (() => this.geoMap.fit(cell.bbox, { padding: 40 })),
      },
      lateRing(cell.n ? cell.late / cell.n : 0),
      el("span", {}, formatNumber(cell.n)),
    );
    // A heap stands where the head of its first pin would: then no pin hides it.
    const standing = Boolean(cell.onSelect);
    return { node, marker: nodeMarker(cell.lon, cell.lat, node, [diameter, diameter], { standing, zIndexOffset: 100 * size }) };
  }

  #point(point) {
    const words = { category: point.category, state: point.state_label, number: point.tracking_number };
    const several = point.reports > 1 ? fill(this.words.reports, { n: formatNumber(point.reports) }) : "";
    const label = [fill(this.words.point, words), several, point.late && this.words.late].filter(Boolean).join(listComma());
    const node = pin({
      service: point.service,
      symbol: this.symbols[point.service],
      label,
      late: point.late,
      count: point.reports > 1 ? formatNumber(point.reports) : "",
      onSelect: () => this.#open(point, node),
    });
    const marker = nodeMarker(point.lon, point.lat, node, PIN_SIZE, { standing: true, zIndexOffset: point.late ? 500 : 0 });
    return { node, marker };
  }

  #open(point, opener) {
    const content = [
      el("h2", { class: "map-popup__title" }, el("a", { href: point.url }, point.category)),
      el(
        "p",
        { class: "cluster" },
        el("span", { class: `state state--${point.state}` }, icon(`state-${point.state}`), point.state_label),
        point.late && el("span", { class: "badge badge--late" }, icon("alert"), this.words.late),
        point.reports > 1 &&
          el("span", { class: "badge" }, icon("users"), fill(this.words.reports, { n: formatNumber(point.reports) })),
      ),
      el("p", { class: "tracking-number" }, point.tracking_number),
      el("p", {}, el("a", { class: "button button--small", href: point.url }, this.words.open)),
    ];
    openPopup(this.geoMap.leaflet, [point.lon, point.lat], content, { closeLabel: this.words.close, opener, lift: 40 });
    this.onSelect?.(point.tracking_number);
  }
}

// A ring around a cell: the red part is the share that is late.
function lateRing(share) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 40 40");
  svg.setAttribute("class", "map-cell__ring");
  svg.setAttribute("aria-hidden", "true");
  if (share > 0) {
    const circle = document.createElementNS(SVG, "circle");
    const attributes = { cx: 20, cy: 20, r: 18, pathLength: 100, "stroke-dasharray": `${Math.max(4, share * 100)} 100` };
    for (const [name, value] of Object.entries(attributes)) circle.setAttribute(name, value);
    svg.append(circle);
  }
  return svg;
}
