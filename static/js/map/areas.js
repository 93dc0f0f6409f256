// Polygons with names: districts, service areas.

import { el } from "gp/lib/dom";
import { getJson } from "gp/lib/fetch";

const { L } = window;

/**
 * Draw a GeoJSON FeatureCollection (or fetch it, when `source` is an address). `label(properties)` gives the name shown on
 * each from zoom `labelsFrom`; `classOf(properties)` a CSS class (`area--2`, `svc-roads`); `onSelect(properties)` hears clicks. What a click tells
 * must also stand in a list: polygons take no keyboard focus.
 */
export async function showAreas(geoMap, source, options = {}) {
  const { label = null, labelsFrom = 13, classOf = () => "", onSelect = null, fit = false } = options;
  const collection = typeof source === "string" ? await getJson(source) : source;
  const layer = L.geoJSON(collection, {
    interactive: Boolean(onSelect),
    style: (feature) => ({ className: `map-area ${classOf(feature.properties)}` }),
    onEachFeature: (feature, part) => {
      const text = label?.(feature.properties);
      if (text) {
        const node = el("span", { dir: "auto" }, text);
        part.bindTooltip(node, { permanent: true, direction: "center", className: "map-area__label" });
      }
      if (onSelect) part.on("click", () => onSelect(feature.properties));
    },
  }).addTo(geoMap.leaflet);
  const showLabels = () => geoMap.element.classList.toggle("hides-area-labels", geoMap.view.zoom < labelsFrom);
  geoMap.leaflet.on("zoomend", showLabels);
  if (fit) geoMap.leaflet.fitBounds(layer.getBounds());
  showLabels();
  return { remove: () => layer.remove(), collection };
}
