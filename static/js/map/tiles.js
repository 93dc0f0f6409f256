// Vector tiles of complaints: asked for, decoded, and kept for as long as they are true. Which ones are wanted the map decides.

import { VectorTile } from "@mapbox/vector-tile";
import Pbf from "pbf";
import { tileAt, tileBounds } from "gp/lib/geo";

// A promise may pass while the page is open: what is older is asked for again. Who has it gets "not changed" for an answer.
export const FRESH_MS = 60_000;
const KEPT = 300;
// What was lost is tried again after so long; then once in the last of them.
const PATIENCE_MS = [2_000, 8_000, 30_000];
const SECONDS = 1000;
const TOO_MANY = 429;

export class ComplaintTiles {
  /** `url` has {z}, {x} and {y}. `onChange()` comes when something arrived, was lost, or has to wait. */
  constructor(url, onChange) {
    Object.assign(this, { url, onChange, query: null, wanted: new Map(), waitsUntil: 0 });
    // By "z/x/y": tiles at hand {rows, at}, requests under way, and how often a tile was lost (Infinity: it is not tried again).
    [this.kept, this.asked, this.lost] = [new Map(), new Map(), new Map()];
  }

  /** Want exactly these tiles {x, y, zoom}, the most urgent first: others under way are given up. */
  want(query, tiles) {
    if (query !== this.query) {
      this.#giveUp(() => true);
      this.kept.clear();
      this.lost.clear();
      this.query = query;
    }
    this.wanted = new Map(tiles.map((tile) => [keyOf(tile), tile]));
    this.#giveUp((key) => !this.wanted.has(key));
    this.#askForTheRest();
  }

  /** Nothing is wanted any more; what is at hand is kept. */
  rest() {
    this.wanted = new Map();
    this.#giveUp(() => true);
  }

  /** What the wanted tiles that are at hand tell: cells (with `n`) and complaints (with `tracking_number`). */
  get rows() {
    return [...this.wanted.keys()].flatMap((key) => this.kept.get(key)?.rows ?? []);
  }

  /** The wanted tiles that are still under way for the first time. */
  get awaited() {
    return [...this.wanted].filter(([key]) => this.asked.has(key) && !this.kept.has(key)).map(([, tile]) => tile);
  }

  get isBusy() {
    return this.asked.size > 0;
  }

  /** Of the wanted tiles: how many could not be loaded; all of them? */
  get missing() {
    const n = [...this.wanted.keys()].filter((key) => this.lost.has(key) && !this.kept.has(key)).length;
    return { n, all: n > 0 && n === this.wanted.size };
  }

  /** Whole seconds until the server answers again; 0 if it does. */
  get waits() {
    return Math.max(0, Math.ceil((this.waitsUntil - Date.now()) / SECONDS));
  }

  #askForTheRest() {
    if (this.waits) return;
    for (const [key, tile] of this.wanted) {
      if (this.asked.has(key) || this.lost.has(key) || Date.now() - this.kept.get(key)?.at < FRESH_MS) continue;
      this.#ask(key, tile);
    }
  }

  async #ask(key, tile) {
    const request = new AbortController();
    this.asked.set(key, request);
    try {
      // Whatever the browser has is compared with the server's: somebody who reported a minute ago looks for it.
      const response = await fetch(this.#address(tile), { signal: request.signal, cache: "no-cache", credentials: "same-origin" });
      if (response.status === TOO_MANY) this.#wait(Number(response.headers.get("Retry-After")) || 10);
      else if (!isTile(response)) this.#lose(key, response.status >= 500);
      else this.#keep(key, decode(await response.arrayBuffer(), tile));
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#lose(key, true);
    }
    if (this.asked.get(key) === request) this.asked.delete(key);
    this.onChange();
  }

  #address({ zoom, x, y }) {
    const address = this.url.replace("{z}", zoom).replace("{x}", x).replace("{y}", y);
    return this.query ? `${address}?${this.query}` : address;
  }

  #keep(key, rows) {
    this.kept.delete(key);
    this.kept.set(key, { rows, at: Date.now() });
    this.lost.delete(key);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT) break;
      if (!this.wanted.has(oldest)) this.kept.delete(oldest);
    }
  }

  #lose(key, mayComeBack) {
    const times = this.lost.get(key) ?? 0;
    this.lost.set(key, mayComeBack ? times + 1 : Infinity);
    if (mayComeBack) setTimeout(() => this.#tryAgain(key), PATIENCE_MS[Math.min(times, PATIENCE_MS.length - 1)]);
  }

  #tryAgain(key) {
    if (!this.lost.has(key) || this.asked.has(key) || this.waits) return;
    const tile = this.wanted.get(key);
    if (tile) this.#ask(key, tile);
    else this.lost.delete(key);
  }

  // The others under way would be refused as well.
  #wait(seconds) {
    if (this.waits) return;
    this.waitsUntil = Date.now() + seconds * SECONDS;
    this.#giveUp(() => true);
    setTimeout(() => {
      this.lost.clear();
      this.#askForTheRest();
      this.onChange();
    }, seconds * SECONDS + 50);
  }

  #giveUp(isUnwanted) {
    for (const [key, request] of this.asked) {
      if (!isUnwanted(key)) continue;
      this.asked.delete(key);
      request.abort();
    }
  }
}

const keyOf = ({ zoom, x, y }) => `${zoom}/${x}/${y}`;

// Where a session ended, a page comes instead.
function isTile(response) {
  return response.ok && /mapbox-vector-tile/.test(response.headers.get("Content-Type") || "");
}

/** The rows of a vector tile's bytes. A cell's `bbox` is [west, south, east, north] of its square. */
export function decode(bytes, { zoom, x, y }) {
  const { cells, complaints } = new VectorTile(new Pbf(bytes)).layers;
  const rows = [];
  for (let index = 0; index < (cells?.length ?? 0); index += 1) {
    const cell = { service: null, ...cells.feature(index).properties };
    const square = tileAt(cell.lon, cell.lat, cell.zoom);
    rows.push({ ...cell, bbox: tileBounds(square.x, square.y, cell.zoom) });
  }
  for (let index = 0; index < (complaints?.length ?? 0); index += 1) {
    const feature = complaints.feature(index);
    const [[{ x: across, y: down }]] = feature.loadGeometry();
    const [lon, lat] = tileBounds(x + across / complaints.extent, y + down / complaints.extent - 1, zoom);
    rows.push({ ...feature.properties, lon, lat });
  }
  return rows;
}
