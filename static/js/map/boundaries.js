// Boundaries old and new, and the places of defects. What the map shows, a list beside it says.

import { el } from "gp/lib/dom";

const { L } = window;
const RIM = 6;

/** A pane of its own for a layer that a curtain may cover. */
export function pane(geoMap, name, zIndex) {
  const made = geoMap.leaflet.createPane(name);
  made.style.zIndex = zIndex;
  return made;
}

/** Outlines of a FeatureCollection in one look: `old`, `new`, `moved` or `defect`. `name(properties)` is shown on pointing. */
export function outlines(geoMap, collection, { look, paneName = "overlayPane", name = null }) {
  return L.geoJSON(collection, {
    pane: paneName,
    // Its own renderer: a shared one would put all panes' paths into the first pane.
    renderer: L.svg({ pane: paneName, padding: 0.3 }),
    interactive: Boolean(name),
    style: () => ({ className: `map-boundary map-boundary--${look}` }),
    onEachFeature: (feature, layer) => {
      const text = name?.(feature.properties);
      if (text) layer.bindTooltip(el("span", { dir: "auto" }, text), { sticky: true, direction: "top" });
    },
  }).addTo(geoMap.leaflet);
}

/**
 * Show one pane to the left of a line and the other to the right of it; `share` is 0 to 1 of the map's width.
 * Returns `draw(share)`; null shows both whole.
 */
export function curtain(geoMap, left, right) {
  const line = el("div", { class: "map-curtain", "aria-hidden": "true" });
  geoMap.element.append(line);
  let shown = 0.5;
  const draw = (share = shown) => {
    shown = share;
    line.hidden = share === null;
    if (share === null) {
      left.style.clipPath = right.style.clipPath = "";
      return;
    }
    const size = geoMap.leaflet.getSize();
    const origin = geoMap.leaflet.containerPointToLayerPoint([0, 0]);
    const edge = origin.x + size.x * share;
    const [top, bottom] = [origin.y - size.y, origin.y + 2 * size.y];
    const clip = (from, to) => `polygon(${from}px ${top}px, ${to}px ${top}px, ${to}px ${bottom}px, ${from}px ${bottom}px)`;
    left.style.clipPath = clip(origin.x - size.x, edge);
    right.style.clipPath = clip(edge, origin.x + 2 * size.x);
    line.style.left = `${size.x * share}px`;
  };
  geoMap.leaflet.on("move zoom viewreset resize zoomend moveend", () => draw());
  draw();
  return draw;
}

/** Places of defects as shapes and dots; `onSelect(properties)` hears clicks. Returns `highlight(key)`. */
export function defects(geoMap, collection, { onSelect }) {
  const marks = new Map();
  const settled = ({ blocks, resolution }) => !blocks || Boolean(resolution);
  const look = (properties) => `map-boundary map-boundary--${settled(properties) ? "settled" : "defect"}`;
  L.geoJSON(collection, {
    style: (feature) => ({ className: look(feature.properties) }),
    filter: (feature) => feature.geometry.type !== "Point",
    onEachFeature: (feature, layer) => layer.on("click", () => onSelect(feature.properties)),
  }).addTo(geoMap.leaflet);
  // A sliver of a metre is nothing on a screen: each place is a dot as well.
  for (const { properties } of collection.features) {
    const dot = L.circleMarker([properties.lat, properties.lon], { radius: RIM, className: look(properties) });
    dot.on("click", () => onSelect(properties)).addTo(geoMap.leaflet);
    marks.set(properties.key, dot);
  }
  return (key) => {
    for (const [other, dot] of marks) dot.getElement()?.classList.toggle("is-highlighted", other === key);
  };
}

/** Show all of some layers. */
export function fitTo(geoMap, ...layers) {
  const bounds = L.latLngBounds([]);
  for (const layer of layers) if (layer) bounds.extend(layer.getBounds());
  if (bounds.isValid()) geoMap.leaflet.fitBounds(bounds, { padding: [16, 16] });
}
