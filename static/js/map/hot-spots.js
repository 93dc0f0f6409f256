// Outlines of hot spots over the heat, numbered as in the list; what each says is in the list too.

import { tileBounds } from "gp/lib/geo";

const { L } = window;

/** `spots`: [{number, kind, text, squares: [[zoom, x, y]…]}]. Kinds differ by the dashes of their outline. */
export function showHotSpots(geoMap, spots) {
  const outlines = L.layerGroup().addTo(geoMap.leaflet);
  for (const { number, kind, text, squares } of spots) {
    squares.forEach(([zoom, x, y], index) => {
      const [west, south, east, north] = tileBounds(x, y, zoom);
      const square = L.rectangle(
        [
          [south, west],
          [north, east],
        ],
        { className: `hot-outline hot-outline--${kind}`, interactive: false, fill: false },
      ).addTo(outlines);
      if (index) return;
      const label = document.createElement("span");
      label.textContent = number;
      label.title = text;
      square.bindTooltip(label, { permanent: true, direction: "center", className: "map-area__label" });
    });
  }
}
