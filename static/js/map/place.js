// One complaint's place, drawn as precisely as it may be known.

import { squareAround } from "gp/lib/geo";
import { PIN_SIZE, nodeMarker, pin } from "gp/map/markers";

const { L } = window;
const GRID_M = 200;

/**
 * Show a place and move there. `place`: {lon, lat, service, symbol, label, precision, late}; precision "exact" is a pin,
 * "grid" a 200 m square; with "district" the view moves and nothing is drawn.
 */
export function showPlace(geoMap, { lon, lat, service, symbol, label, precision = "exact", late = false }) {
  if (precision === "exact") {
    nodeMarker(lon, lat, pin({ service, symbol, label, late }), PIN_SIZE, { standing: true }).addTo(geoMap.leaflet);
    geoMap.moveTo(lon, lat, 16);
    return;
  }
  if (precision !== "grid") {
    geoMap.moveTo(lon, lat, 14);
    return;
  }
  const [west, south, east, north] = squareAround([lon, lat], GRID_M);
  L.rectangle(
    [
      [south, west],
      [north, east],
    ],
    { className: `map-square svc-${service}`, interactive: false },
  ).addTo(geoMap.leaflet);
  geoMap.moveTo(lon, lat, 15.5);
}

/** A ring round the place of the complaint that is open, whatever else is drawn there. Returns a function that removes it. */
export function ringPlace(geoMap, { lon, lat }) {
  const ring = L.circleMarker([lat, lon], { radius: 30, className: "map-ring", interactive: false }).addTo(geoMap.leaflet);
  return () => ring.remove();
}

/** A pin to drag, or to put down with a click, starting at a place; tells each new place. Returns a function that removes it. */
export function pickPlace(geoMap, { lon, lat }, onPick) {
  const icon = L.divIcon({ className: "map-picked", iconSize: [36, 36], iconAnchor: [18, 18] });
  const marker = L.marker([lat, lon], { draggable: true, autoPan: true, keyboard: false, icon, zIndexOffset: 1000 });
  const tell = () => {
    const at = marker.getLatLng();
    onPick(at.lng, at.lat);
  };
  const put = (event) => {
    marker.setLatLng(event.latlng);
    tell();
  };
  marker.on("dragend", tell).addTo(geoMap.leaflet);
  geoMap.leaflet.on("click", put);
  return () => {
    marker.remove();
    geoMap.leaflet.off("click", put);
  };
}

/** Pins that need no feed: a crew's points, similar complaints nearby. Returns a function that removes them. */
export function showPins(geoMap, places, { onSelect = null, fit = true } = {}) {
  const group = L.layerGroup().addTo(geoMap.leaflet);
  for (const place of places) {
    const node = pin({ ...place, onSelect: onSelect ? () => onSelect(place, node) : null });
    nodeMarker(place.lon, place.lat, node, PIN_SIZE, { standing: true }).addTo(group);
  }
  if (fit && places.length) {
    const lons = places.map((place) => place.lon);
    const lats = places.map((place) => place.lat);
    geoMap.fit([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)], { padding: 48 });
  }
  return () => group.remove();
}
