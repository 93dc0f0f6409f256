// Drawing an area: corner after corner, by a tap or at the map's middle (for who moves the map with the keys).

const { L } = window;

/** `corners`: [[lon, lat], …] to begin with; `onChange(corners)` hears each change. */
export class AreaDrawing {
  constructor(geoMap, { corners = [], onChange }) {
    Object.assign(this, { geoMap, onChange, corners: [...corners] });
    this.shape = L.polygon([], { className: "map-drawn", interactive: false }).addTo(geoMap.leaflet);
    this.dots = L.layerGroup().addTo(geoMap.leaflet);
    geoMap.leaflet.on("click", ({ latlng }) => this.#add(latlng));
    this.#draw();
    if (corners.length) geoMap.leaflet.fitBounds(this.shape.getBounds(), { padding: [24, 24] });
  }

  addAtMiddle() {
    this.#add(this.geoMap.leaflet.getCenter());
  }

  undo() {
    this.corners.pop();
    this.#draw();
  }

  clear() {
    this.corners = [];
    this.#draw();
  }

  #add({ lng, lat }) {
    this.corners.push([Number(lng.toFixed(6)), Number(lat.toFixed(6))]);
    this.#draw();
  }

  #draw() {
    const places = this.corners.map(([lon, lat]) => [lat, lon]);
    this.shape.setLatLngs(places);
    this.dots.clearLayers();
    for (const place of places) {
      L.circleMarker(place, { radius: 5, className: "map-drawn__corner", interactive: false }).addTo(this.dots);
    }
    this.onChange(this.corners);
  }
}
