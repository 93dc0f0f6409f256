// The map that every page shares. Pages never name Leaflet: they hold a GeoMap and hand it to the layers of this folder.

import { announce, el } from "gp/lib/dom";
import { formatDistance } from "gp/lib/format";
import { turn } from "gp/lib/turns";
import { addBasemap } from "gp/map/basemap";

const { L } = window;
const isRtl = () => document.documentElement.dir === "rtl";

/**
 * Make the map in `element` (written by _components/map.html).
 * `config`: {bounds: [west, south, east, north], basemap: {raster, pmtiles, outlines}}, from the tag `map_config`.
 * `namesQuarters`: false where the page names them itself. `gestures`: "cooperative" lets the page scroll (two fingers or Ctrl move the map), "greedy" takes every gesture.
 */
export function createMap(element, config, { gestures = "cooperative", view = null, namesQuarters = true } = {}) {
  return new GeoMap(element, config, { gestures, view, namesQuarters });
}

// [west, south, east, north] as Leaflet has it.
const latLngs = ([west, south, east, north]) => [
  [south, west],
  [north, east],
];

// Leaflet's own scale says "m" and "km" in every language.
const Scale = L.Control.Scale.extend({
  _updateMetric(widest) {
    const metres = this._getRoundNum(widest);
    this._updateScale(this._mScale, formatDistance(metres), metres / widest);
  },
});

export class GeoMap {
  constructor(element, config, { gestures, view, namesQuarters }) {
    this.element = element;
    this.words = element.dataset;
    // Leaflet reckons from the left; in a mirrored page its tooltips would sit on their markers.
    element.dir = "ltr";
    const coarse = matchMedia("(pointer: coarse)").matches;
    const side = isRtl() ? "right" : "left";
    const other = isRtl() ? "left" : "right";
    this.leaflet = L.map(element, {
      zoomControl: false,
      attributionControl: false,
      scrollWheelZoom: gestures === "greedy",
      dragging: gestures === "greedy" || !coarse,
      minZoom: 3,
      maxZoom: 19,
      zoomSnap: 0.5,
      fadeAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    });
    L.control
      .zoom({
        position: `top${side}`,
        zoomInText: "+",
        zoomOutText: "−",
        zoomInTitle: this.words.zoomIn,
        zoomOutTitle: this.words.zoomOut,
      })
      .addTo(this.leaflet);
    const sources = L.control.attribution({ position: `bottom${other}`, prefix: "Leaflet" }).addTo(this.leaflet);
    this.#foldSources(sources.getContainer());
    // Later: its first number takes longer than the rest of the map.
    turn().then(() => new Scale({ position: `bottom${side}`, imperial: false }).addTo(this.leaflet));
    // A city needs no view of the country; a province needs one of itself.
    this.leaflet.setMinZoom(Math.min(9, Math.floor(this.leaflet.getBoundsZoom(latLngs(config.bounds)))));
    if (view) this.leaflet.setView([view.lat, view.lon], view.zoom);
    else this.fit(config.bounds, { padding: 0 });
    if (gestures === "cooperative") this.#letPageScroll();
    addBasemap(this.leaflet, config.basemap || {}, {
      language: document.documentElement.lang,
      namesQuarters,
      onFallback: () => announce(this.words.tilesFailed),
    });
    // A pane that was hidden or resized by the page (list and map as tabs on phones) must be measured again.
    new ResizeObserver(() => this.leaflet.invalidateSize({ animate: false })).observe(element);
  }

  /** {bbox: [west, south, east, north], zoom, lon, lat}: what is seen now. */
  get view() {
    const bounds = this.leaflet.getBounds();
    const { lng: lon, lat } = this.leaflet.getCenter();
    const bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    return { bbox: bbox.map((degrees) => Number(degrees.toFixed(6))), zoom: this.leaflet.getZoom(), lon, lat };
  }

  /** Call `work(view)` after each move; returns a function that ends it. */
  onMove(work) {
    const listener = () => work(this.view);
    this.leaflet.on("moveend", listener);
    return () => this.leaflet.off("moveend", listener);
  }

  /** Show [west, south, east, north]. */
  fit(bounds, { padding = 24, maxZoom = 17 } = {}) {
    this.leaflet.fitBounds(latLngs(bounds), { padding: [padding, padding], maxZoom });
  }

  moveTo(lon, lat, zoom = Math.max(this.leaflet.getZoom(), 17)) {
    this.leaflet.setView([lat, lon], zoom);
  }

  focus() {
    this.element.focus({ preventScroll: true });
  }

  // The sources of a map are long and a phone is narrow: there they open at a touch.
  #foldSources(container) {
    const text = container.id || (container.id = `${this.element.id}-sources`);
    const button = el(
      "button",
      { type: "button", class: "map-sources", "aria-label": this.words.sources, "aria-expanded": "false", "aria-controls": text },
      "i",
    );
    button.addEventListener("click", () => {
      button.setAttribute("aria-expanded", String(container.parentElement.classList.toggle("is-open")));
    });
    L.DomEvent.disableClickPropagation(button);
    container.before(button);
  }

  // Wheel and single finger belong to the page. Ctrl or two fingers move the map, and a hint says so.
  #letPageScroll() {
    const hint = el("p", { class: "map-hint", "aria-hidden": "true", dir: document.documentElement.dir });
    this.element.append(hint);
    let timer;
    const show = (text) => {
      hint.textContent = text;
      hint.classList.add("is-shown");
      clearTimeout(timer);
      timer = setTimeout(() => hint.classList.remove("is-shown"), 1200);
    };
    let gathered = 0;
    this.element.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) {
          show(this.words.useCtrl);
          return;
        }
        event.preventDefault();
        gathered -= event.deltaY;
        // One notch of a wheel is about 100; a touchpad's pinch sends many small steps.
        if (Math.abs(gathered) < 40) return;
        const point = this.leaflet.mouseEventToContainerPoint(event);
        this.leaflet.setZoomAround(point, this.leaflet.getZoom() + Math.sign(gathered) * 0.5);
        gathered = 0;
      },
      { passive: false },
    );
    this.element.addEventListener(
      "touchmove",
      (event) => {
        if (event.touches.length === 1) show(this.words.useTwoFingers);
      },
      { passive: true },
    );
  }
}
