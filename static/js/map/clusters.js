// Complaints on the map: counted cells where many are, pins where few are, as each tile decides. The browser's work does not
// grow with the number of complaints.

import { announce, debounce, el, fill, icon } from "gp/lib/dom";
import { formatNumber, listComma } from "gp/lib/format";
import { tileBounds, tilesIn } from "gp/lib/geo";
import { turn } from "gp/lib/turns";
import { PIN_SIZE, nodeMarker, openPopup, pin } from "gp/map/markers";
import { ComplaintTiles, FRESH_MS } from "gp/map/tiles";

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

// So much of its diameter a circle's middle keeps from the edge of its square.
const INSIDE = 0.42;

// Tiles come one after the other: what came within this many milliseconds is drawn together.
const GATHER_MS = 60;
// Further in, a circle's square is no larger than what one sees.
const CLOSEST_ZOOM = 17.5;

/**
 * A layer of what the tiles of the map's view tell.
 * `settings` (complaints/views/map_settings.py): tiles (address), symbols, categories and states by code, open (codes of states),
 * complaint (address with NUMBER). `filters()` gives a URLSearchParams; `listUrl(bbox)` the address of the list of a circle;
 * `words` (complaints/_map_words.html) are translated texts.
 * `onLoad()` comes when all that was asked for is there, `onShow()` when the map shows it, `onSelect(trackingNumber)` is told
 * each opened pin, `onList(url, bbox)` may open a list within the page. `shown`: false to begin with it hidden.
 */
export class ComplaintLayer {
  constructor(geoMap, { settings, filters, listUrl, words, onLoad, onSelect, onShow, onList, shown = true }) {
    Object.assign(this, { geoMap, settings, filters, listUrl, words, onLoad, onSelect, onShow, onList, shown });
    this.group = L.layerGroup().addTo(geoMap.leaflet);
    this.markers = new Map();
    this.rows = [];
    this.turn = 0;
    this.tiles = new ComplaintTiles(settings.tiles, () => this.#gather());
    this.notice = el("p", { class: "map-notice", hidden: true, dir: document.documentElement.dir });
    geoMap.element.append(this.notice);
    this.refresh = debounce(() => this.#load(), 120);
    geoMap.onMove(this.refresh);
    setInterval(() => document.visibilityState === "visible" && this.#load({ quietly: true }), FRESH_MS);
    turn().then(() => this.#load());
  }

  /** Show the layer, or take it from the map. */
  show(shown) {
    this.shown = shown;
    if (!shown) this.tiles.rest();
    this.#load();
  }

  /** Make the pin of a complaint stand out while its row is pointed at; null for none. */
  highlight(trackingNumber) {
    for (const [key, { node }] of this.markers) {
      node.classList.toggle("is-highlighted", Boolean(trackingNumber) && key.split(",").includes(trackingNumber));
    }
  }

  /** Outline [west, south, east, north], of which the list beside the map tells; null for none. */
  outline(bbox) {
    this.outlined?.remove();
    this.outlined = null;
    if (!bbox) return;
    const [west, south, east, north] = bbox;
    const corners = [[south, west], [north, east]];
    this.outlined = L.rectangle(corners, { interactive: false, className: "map-chosen" }).addTo(this.geoMap.leaflet);
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

  #load({ quietly = false } = {}) {
    const { bbox, zoom } = this.geoMap.view;
    this.isToSay ||= !quietly;
    if (this.shown) this.tiles.want(String(this.filters()), tilesIn(bbox, Math.floor(zoom)));
    this.#draw();
  }

  #gather() {
    this.gathering ||= setTimeout(() => this.#draw(), GATHER_MS);
  }

  async #draw() {
    clearTimeout(this.gathering);
    this.gathering = null;
    const turn = (this.turn += 1);
    if (this.tiles.isBusy) this.geoMap.element.setAttribute("aria-busy", "true");
    else this.geoMap.element.removeAttribute("aria-busy");
    // Until a tile comes, what stood in its place goes on standing there.
    const awaited = this.tiles.awaited.map(({ x, y, zoom }) => tileBounds(x, y, zoom));
    this.rows = [...this.tiles.rows, ...this.rows.filter((row) => awaited.some((box) => isIn(row, box)))];
    this.#notify();
    if (!(await this.#show(this.rows, () => this.turn === turn)) || this.tiles.isBusy) return;
    this.onShow?.();
    if (this.shown && this.isToSay && !this.tiles.waits && !this.tiles.missing.n) {
      announce(fill(this.words.shown, { n: formatNumber(this.#seen()) }));
    }
    this.isToSay = false;
    this.onLoad?.();
  }

  // How many of what is drawn lies in view.
  #seen() {
    const { bbox } = this.geoMap.view;
    return this.rows.filter((row) => isIn(row, bbox)).reduce((sum, row) => sum + (row.n ?? 1), 0);
  }

  // What could not be had: on the map, and said once.
  #notify() {
    const { n, all } = this.tiles.missing;
    const { waits } = this.tiles;
    const text = !this.shown
      ? ""
      : waits
        ? fill(this.words.wait, { n: formatNumber(waits) })
        : all
          ? this.words.failed
          : n
            ? this.words.partly
            : "";
    const kind = waits ? "wait" : text;
    if (kind === this.noticed) return;
    this.noticed = kind;
    this.notice.textContent = text;
    this.notice.hidden = !text;
    if (text) announce(text);
  }

  // Markers that stay keep their node, and with it the keyboard's focus. Some at a time, so that a slow phone goes on answering;
  // false if something else was to be shown meanwhile, which puts its own in their place.
  async #show(rows, isCurrent) {
    const wanted = new Map();
    for (const cell of rows.filter((row) => row.n)) {
      wanted.set(`${cell.bbox.join()}:${cell.n}:${cell.open}:${cell.late}:${cell.service}`, cell);
    }
    for (const points of this.#heaps(rows.filter((row) => !row.n))) {
      wanted.set(points.map(({ tracking_number, late, reports, state }) => [tracking_number, late, reports, state]).join(), points);
    }
    const hadFocus = this.geoMap.element.contains(document.activeElement);
    // A phone's map is small: full-sized circles would lie on each other. Asked once: between two markers it would lay out all.
    this.scale = this.geoMap.element.clientWidth < NARROW_PX ? 0.82 : 1;
    let done = 0;
    const mayGoOn = async () => {
      done += 1;
      if (done % AT_ONCE) return true;
      await turn();
      return isCurrent();
    };
    for (const [key, { marker }] of [...this.markers]) {
      if (wanted.has(key)) continue;
      marker.remove();
      this.markers.delete(key);
      if (!(await mayGoOn())) return false;
    }
    for (const [key, row] of wanted) {
      if (this.markers.has(key)) continue;
      const made = row.n ? this.#square(row) : row.length > 1 ? this.#heap(row) : this.#point(row[0]);
      made.marker.addTo(this.group);
      this.markers.set(key, made);
      if (!(await mayGoOn())) return false;
    }
    if (hadFocus && !this.geoMap.element.contains(document.activeElement)) this.geoMap.focus();
    return true;
  }

  // Lists of points that lie (nearly) on each other at this zoom; most hold one. The same whichever tile came first.
  #heaps(points) {
    const heaps = [];
    // Only heaps in the same rectangle or beside it can be near.
    const rectangles = new Map();
    const inOrder = [...points].sort((one, other) => (one.tracking_number < other.tracking_number ? -1 : 1));
    for (const point of inOrder) {
      const place = this.geoMap.leaflet.latLngToLayerPoint([point.lat, point.lon]);
      const [column, row] = [Math.floor(place.x / APART[0]), Math.floor(place.y / APART[1])];
      const heap = around(column, row)
        .flatMap((key) => rectangles.get(key) ?? [])
        .find((other) => Math.abs(other.place.x - place.x) < APART[0] && Math.abs(other.place.y - place.y) < APART[1]);
      if (heap) {
        heap.points.push(point);
        continue;
      }
      const made = { place, points: [point] };
      heaps.push(made);
      const key = `${column}/${row}`;
      rectangles.set(key, [...(rectangles.get(key) ?? []), made]);
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
      open: points.filter((point) => this.settings.open.includes(point.state)).length,
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
        el("a", { href: this.#url(point) }, this.#category(point)),
        el("span", { class: "muted" }, ` ${this.#state(point)} `),
        el("span", { class: "tracking-number" }, point.tracking_number),
      ),
    );
    const content = [el("h2", { class: "map-popup__title" }, opener.title), el("ul", { class: "map-popup__list" }, rows)];
    openPopup(this.geoMap.leaflet, [points[0].lon, points[0].lat], content, { closeLabel: this.words.close, opener, lift: 34 });
  }

  // A circle of a square: what it counts, nearer, or as a list.
  #square(cell) {
    const made = this.#cell({ ...cell, onSelect: () => this.#offer(cell, made.node) });
    made.marker.setLatLng(this.#inItsSquare(cell, made.marker.options.icon.options.iconSize[0]));
    return made;
  }

  // Where the middle of its places is, but mostly within its own square: its neighbour would lie on it otherwise.
  #inItsSquare({ lon, lat, bbox: [west, south, east, north] }, diameter) {
    const map = this.geoMap.leaflet;
    const place = map.latLngToLayerPoint([lat, lon]);
    const [start, end] = [map.latLngToLayerPoint([north, west]), map.latLngToLayerPoint([south, east])];
    const within = (at, from, to) => {
      const margin = Math.min(diameter * INSIDE, (to - from) / 2);
      return Math.min(Math.max(at, from + margin), to - margin);
    };
    return map.layerPointToLatLng([within(place.x, start.x, end.x), within(place.y, start.y, end.y)]);
  }

  #offer(cell, opener) {
    const nearer = () => {
      this.geoMap.leaflet.closePopup();
      this.geoMap.focus();
      this.geoMap.fit(cell.bbox, { padding: 40 });
    };
    const url = this.listUrl(cell.bbox.map((degrees) => degrees.toFixed(6)).join(","));
    const open = (event) => {
      if (!this.onList || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.geoMap.leaflet.closePopup();
      this.onList(url, cell.bbox);
    };
    const content = [
      el("h2", { class: "map-popup__title" }, opener.title),
      el(
        "p",
        { class: "cluster" },
        this.geoMap.view.zoom < CLOSEST_ZOOM &&
          el("button", { type: "button", class: "button button--small", onclick: nearer }, icon("plus"), this.words.nearer),
        el("a", { class: "button button--small", href: url, onclick: open }, icon("list"), this.words.list),
      ),
    ];
    const lift = opener.offsetHeight / 2;
    openPopup(this.geoMap.leaflet, [cell.lon, cell.lat], content, { closeLabel: this.words.close, opener, lift });
  }

  #url(point) {
    return this.settings.complaint.replace("NUMBER", point.tracking_number);
  }

  #category(point) {
    return this.settings.categories[point.category] ?? point.category;
  }

  #state(point) {
    return this.settings.states[point.state] ?? point.state;
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
        onclick: cell.onSelect,
      },
      lateRing(cell.n ? cell.late / cell.n : 0),
      el("span", {}, formatNumber(cell.n)),
    );
    // A heap stands where the head of its first pin would: then no pin hides it.
    const standing = !cell.bbox;
    return { node, marker: nodeMarker(cell.lon, cell.lat, node, [diameter, diameter], { standing, zIndexOffset: 100 * size }) };
  }

  #point(point) {
    const words = { category: this.#category(point), state: this.#state(point), number: point.tracking_number };
    const several = point.reports > 1 ? fill(this.words.reports, { n: formatNumber(point.reports) }) : "";
    const label = [fill(this.words.point, words), several, point.late && this.words.late].filter(Boolean).join(listComma());
    const node = pin({
      service: point.service,
      symbol: this.settings.symbols[point.service],
      label,
      late: point.late,
      count: point.reports > 1 ? formatNumber(point.reports) : "",
      onSelect: () => this.#open(point, node),
    });
    const marker = nodeMarker(point.lon, point.lat, node, PIN_SIZE, { standing: true, zIndexOffset: point.late ? 700 : 600 });
    return { node, marker };
  }

  #open(point, opener) {
    const content = [
      el("h2", { class: "map-popup__title" }, el("a", { href: this.#url(point) }, this.#category(point))),
      el(
        "p",
        { class: "cluster" },
        el("span", { class: `state state--${point.state}` }, icon(`state-${point.state}`), this.#state(point)),
        point.late && el("span", { class: "badge badge--late" }, icon("alert"), this.words.late),
        point.reports > 1 &&
          el("span", { class: "badge" }, icon("users"), fill(this.words.reports, { n: formatNumber(point.reports) })),
      ),
      el("p", { class: "tracking-number" }, point.tracking_number),
      el("p", {}, el("a", { class: "button button--small", href: this.#url(point) }, this.words.open)),
    ];
    openPopup(this.geoMap.leaflet, [point.lon, point.lat], content, { closeLabel: this.words.close, opener, lift: 40 });
    this.onSelect?.(point.tracking_number);
  }
}

function isIn({ lon, lat }, [west, south, east, north]) {
  return lon >= west && lon < east && lat > south && lat <= north;
}

function around(column, row) {
  return [-1, 0, 1].flatMap((right) => [-1, 0, 1].map((down) => `${column + right}/${row + down}`));
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
