// Names of quarters over the map's circles: the circles say how much, the names say where. The list beside the map says both
// in words, so this is for the eye only.

import { el } from "gp/lib/dom";
import { placeLabels } from "gp/lib/labels";

const { L } = window;
// Further out they would be a heap of words; further in the basemap's streets and landmarks take over.
const FROM_ZOOM = 11;
const MARGIN = 4;

export class PlaceNames {
  /** `names`: [[longitude, latitude, name], …], the most important first. `taken()` gives boxes in pixels that stay free. */
  constructor(geoMap, names, { taken = () => [] } = {}) {
    this.map = geoMap.leaflet;
    this.taken = taken;
    const pane = this.map.createPane("names");
    pane.setAttribute("aria-hidden", "true");
    this.labels = names.map(([lon, lat, name]) => {
      const node = el("span", { class: "map-name", dir: "auto" }, name);
      pane.append(node);
      return { node, point: L.latLng(lat, lon) };
    });
    this.map.on("moveend", () => this.arrange());
    this.arrange();
  }

  /** Find each name its place again, after the map or what lies on it changed. */
  arrange() {
    const size = this.map.getSize();
    const shown = this.map.getZoom() >= FROM_ZOOM;
    const boxes = this.labels.map(({ node, point }) => {
      const { x, y } = this.map.latLngToContainerPoint(point);
      return { x, y, width: node.offsetWidth + MARGIN, height: node.offsetHeight + MARGIN };
    });
    const frame = { left: 0, top: 0, right: size.x, bottom: size.y };
    const places = shown ? placeLabels(boxes, this.taken(), frame) : boxes.map(() => null);
    this.labels.forEach(({ node }, index) => {
      const at = places[index];
      node.classList.toggle("is-placed", Boolean(at));
      if (at) L.DomUtil.setPosition(node, this.map.containerPointToLayerPoint([at.x, at.y]));
    });
  }
}
