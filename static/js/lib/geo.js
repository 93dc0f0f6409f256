// Longitude first, WGS 84, everywhere. Web Mercator tiles and short distances.

const EARTH_M = 6_371_008.8;
const radians = (degrees) => (degrees * Math.PI) / 180;

/** Metres between two [longitude, latitude]. */
export function distance([lon1, lat1], [lon2, lat2]) {
  const half =
    Math.sin(radians(lat2 - lat1) / 2) ** 2 +
    Math.cos(radians(lat1)) * Math.cos(radians(lat2)) * Math.sin(radians(lon2 - lon1) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.sqrt(half));
}

/** [west, south, east, north] of the tile x, y at a zoom. */
export function tileBounds(x, y, zoom) {
  const scale = 2 ** zoom;
  const lon = (column) => (column / scale) * 360 - 180;
  const lat = (row) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / scale))) * 180) / Math.PI;
  return [lon(x), lat(y + 1), lon(x + 1), lat(y)];
}

/** The tile {x, y, zoom} at a zoom in which a point lies. */
export function tileAt(lon, lat, zoom) {
  const scale = 2 ** zoom;
  const x = Math.floor(((lon + 180) / 360) * scale);
  const y = Math.floor((0.5 - Math.asinh(Math.tan(radians(lat))) / (2 * Math.PI)) * scale);
  return { x, y, zoom };
}

/** The tiles of a zoom that [west, south, east, north] touches, the nearest to its middle first. */
export function tilesIn([west, south, east, north], zoom) {
  const last = 2 ** zoom - 1;
  const within = (column) => Math.min(Math.max(column, 0), last);
  const from = tileAt(Math.max(west, -180), Math.min(north, 85), zoom);
  const to = tileAt(Math.min(east, 180), Math.max(south, -85), zoom);
  const tiles = [];
  for (let x = within(from.x); x <= within(to.x); x += 1) {
    for (let y = within(from.y); y <= within(to.y); y += 1) tiles.push({ x, y, zoom });
  }
  const [middleX, middleY] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
  const distance2 = ({ x, y }) => (x - middleX) ** 2 + (y - middleY) ** 2;
  return tiles.sort((one, other) => distance2(one) - distance2(other));
}

/** [west, south, east, north] of a square of `side` metres around a point. */
export function squareAround([lon, lat], side) {
  const dLat = ((side / 2 / EARTH_M) * 180) / Math.PI;
  const dLon = dLat / Math.cos(radians(lat));
  return [lon - dLon, lat - dLat, lon + dLon, lat + dLat];
}

/** Class of a value, from 0, by ascending lower limits of the classes 1…: classOf(7, [5, 10]) is 1. */
export function classOf(value, limits) {
  let index = 0;
  while (index < limits.length && value >= limits[index]) index += 1;
  return index;
}
