// Ground on which something is wrong, and complaints that would move. What the map shows, a list beside it says.

import { el, fill } from "gp/lib/dom";

const { L } = window;
const LEAST_PIXELS = 10;
const LOOKS = { tie: "tie", no_contact: "unit", no_calendar: "unit" };

/**
 * Draw findings, a GeoJSON FeatureCollection with {key, kind}; `onSelect(key)` hears clicks. Returns `highlight(key)`.
 * What is too small to be seen gets a ring.
 */
export function showFindings(geoMap, collection, { onSelect }) {
  const marks = new Map();
  const look = ({ kind }) => `map-finding map-finding--${LOOKS[kind] ?? "hole"}`;
  const add = (key, layer) => {
    layer.on("click", () => onSelect(key));
    marks.set(key, [...(marks.get(key) ?? []), layer]);
  };
  const shapes = L.geoJSON(collection, {
    style: (feature) => ({ className: look(feature.properties) }),
    onEachFeature: (feature, layer) => add(feature.properties.key, layer),
  }).addTo(geoMap.leaflet);
  if (collection.features.length) geoMap.leaflet.fitBounds(shapes.getBounds(), { padding: [24, 24], maxZoom: 15 });
  const rings = L.layerGroup().addTo(geoMap.leaflet);
  const ring = () => {
    rings.clearLayers();
    shapes.eachLayer((layer) => {
      const bounds = layer.getBounds();
      const corner = geoMap.leaflet.latLngToLayerPoint(bounds.getNorthWest());
      const size = geoMap.leaflet.latLngToLayerPoint(bounds.getSouthEast()).subtract(corner);
      if (size.x >= LEAST_PIXELS || size.y >= LEAST_PIXELS) return;
      const { key } = layer.feature.properties;
      L.circleMarker(bounds.getCenter(), { radius: LEAST_PIXELS, className: look(layer.feature.properties) })
        .on("click", () => onSelect(key))
        .addTo(rings);
    });
  };
  geoMap.leaflet.on("zoomend", ring);
  ring();
  return (key) => {
    for (const [other, layers] of marks) {
      for (const layer of layers) layer.getElement()?.classList.toggle("is-highlighted", other === key);
    }
    const [first] = marks.get(key) ?? [];
    if (first && !geoMap.leaflet.getBounds().intersects(first.getBounds())) geoMap.leaflet.fitBounds(first.getBounds());
  };
}

/** Circles for cells {lon, lat, n, open, from, to}, by number; `words`: "{from} → {to}: {n}, of which {open} open". */
export function showMoves(geoMap, cells, words) {
  const most = Math.max(...cells.map((cell) => cell.n), 1);
  for (const cell of [...cells].sort((a, b) => b.n - a.n)) {
    const radius = 5 + 17 * Math.sqrt(Math.max(cell.n, cell.open) / most);
    const className = `map-move${cell.open ? " map-move--open" : ""}`;
    L.circleMarker([cell.lat, cell.lon], { radius: Math.min(radius, 24), className })
      .bindTooltip(el("span", { dir: "auto" }, fill(words, cell)), { direction: "top" })
      .addTo(geoMap.leaflet);
  }
  const lons = cells.map((cell) => cell.lon);
  const lats = cells.map((cell) => cell.lat);
  if (cells.length) geoMap.fit([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)], { padding: 48, maxZoom: 15 });
}

/** The polygons behind an answer, `shapes` with {look, name}, and the circle in which another answer is told of. */
export function showGround(geoMap, { shapes, radius }, { lon, lat }) {
  L.geoJSON(shapes, {
    style: ({ properties }) => ({ className: `map-ground map-ground--${properties.look}`, interactive: false }),
  }).addTo(geoMap.leaflet);
  L.circle([lat, lon], { radius, className: "map-ground map-ground--round", interactive: false }).addTo(geoMap.leaflet);
}

/** Call `work(lon, lat)` with the place of a click. */
export function onClick(geoMap, work) {
  geoMap.leaflet.on("click", ({ latlng }) => work(latlng.lng, latlng.lat));
}
