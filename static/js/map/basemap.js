// What lies under everything: raster tiles where configured, else the city's own PMTiles, else outlines of the districts.
// Each stands in for the one before it when that one fails; the pane is never blank.

import { getJson } from "gp/lib/fetch";

const { L, protomapsL } = window;

// That many lost tiles in a row mean an absent tile server rather than one bad tile.
const LOST_TILES = 4;

/** Put the first basemap that works under `map` (a Leaflet map). `onFallback(kind)` hears of each replacement. */
export async function addBasemap(map, basemap, { language, namesQuarters = true, onFallback }) {
  if (basemap.raster) addRaster(map, basemap.raster, () => addOwnTiles().then(onFallback));
  else await addOwnTiles();

  async function addOwnTiles() {
    if (basemap.pmtiles && (await isReadable(basemap.pmtiles.url))) {
      addVector(map, basemap.pmtiles, language, namesQuarters);
      return "pmtiles";
    }
    if (basemap.outlines) await addOutlines(map, basemap.outlines);
    return "outlines";
  }
}

function addRaster(map, { url, attribution, max_zoom: maxZoom = 19 }, onLost) {
  const layer = L.tileLayer(url, { attribution: asText(attribution), maxZoom: 19, maxNativeZoom: maxZoom });
  let lost = 0;
  layer.on("tileload", () => {
    lost = 0;
  });
  layer.on("tileerror", () => {
    lost += 1;
    if (lost !== LOST_TILES) return;
    layer.remove();
    onLost();
  });
  layer.addTo(map);
}

// The PMTiles reader only logs its errors; so look first whether the file is there and served by ranges.
async function isReadable(url) {
  try {
    const response = await fetch(url, { headers: { Range: "bytes=0-6" } });
    if (response.status !== 206) return false;
    return new TextDecoder().decode(await response.arrayBuffer()).startsWith("PMTiles");
  } catch {
    return false;
  }
}

function addVector(map, { url, max_zoom: maxDataZoom = 14, attribution }, language, namesQuarters) {
  let layer;
  const draw = () => {
    layer?.remove();
    layer = protomapsL.leafletLayer({
      url,
      maxDataZoom,
      attribution: asText(attribution),
      lang: language,
      ...rules(language, namesQuarters),
    });
    layer.addTo(map);
  };
  draw();
  document.addEventListener("gp:theme", draw);
}

async function addOutlines(map, url) {
  try {
    const districts = await getJson(url);
    // Under everything, as tiles are: over squares of heat it would change their colours.
    L.geoJSON(districts, { interactive: false, pane: "tilePane", style: { className: "map-outline" } }).addTo(map);
  } catch {
    // Paper-coloured ground and our own layers remain; the list beside the map says the same in words.
  }
}

function rules(language, namesQuarters) {
  const css = getComputedStyle(document.documentElement);
  const colour = (name) => css.getPropertyValue(`--map-${name}`).trim();
  const ofClass = (...names) => (_zoom, feature) => names.includes(feature.props.class);
  const area = (dataLayer, fill, filter) => ({
    dataLayer,
    filter,
    symbolizer: new protomapsL.PolygonSymbolizer({ fill: colour(fill) }),
  });
  const line = (name, from, ink, width) => ({
    dataLayer: "roads",
    minzoom: from,
    filter: ofClass(name),
    symbolizer: new protomapsL.LineSymbolizer({
      color: colour(ink),
      width: (zoom) => width * 1.55 ** (Math.min(zoom, 18) - 14),
      lineCap: "round",
      lineJoin: "round",
    }),
  });
  return {
    backgroundColor: colour("land"),
    paintRules: [
      area("relief", "relief"),
      area("landuse", "built", ofClass("builtup", "medina", "airport")),
      area("landuse", "green", ofClass("park", "cemetery")),
      area("water", "water"),
      line("lane", 15, "road", 1),
      line("street", 13, "road-edge", 2.6),
      line("street", 13, "road", 1.6),
      line("secondary", 11, "road-edge", 4.4),
      line("main", 0, "road-main-edge", 6),
      line("secondary", 11, "road", 3),
      line("main", 0, "road-main", 4.2),
    ],
    labelRules: [
      ...(namesQuarters ? [label("places", { from: 0, size: 14, weight: 600, filter: ofClass("city", "town") })] : []),
      label("places", { from: 11, size: 12, ink: "label-water", filter: ofClass("water") }),
      ...(namesQuarters ? [label("places", { from: 12, size: 12.5, weight: 500, filter: ofClass("quarter") })] : []),
      label("places", { from: namesQuarters ? 11 : 13, size: 12, filter: ofClass("neighbour", "hill") }),
      label("places", { from: 14, size: 11.5, filter: ofClass("landmark") }),
      label("landmarks", { from: 15, size: 11.5 }),
      label("water", { from: 12, size: 12, ink: "label-water" }),
      label("landuse", { from: 14, size: 11.5 }),
      label("roads", { from: 14, size: 11, line: true }),
    ],
  };

  function label(dataLayer, { from, size, weight = 400, ink = "label", line: alongLine = false, filter }) {
    const options = {
      labelProps: [`name_${language}`, `name:${language}`, "name"],
      font: `${weight} ${size}px ${css.getPropertyValue("--font-text")}`,
      fill: colour(ink),
      stroke: colour("halo"),
      width: 3,
    };
    const symbolizer = alongLine
      ? new protomapsL.LineLabelSymbolizer(options)
      : new protomapsL.CenteredTextSymbolizer(options);
    return { dataLayer, minzoom: from, filter, symbolizer };
  }
}

// Leaflet writes attributions as markup; ours are text, which may be Arabic in a box that reckons from the left.
export function asText(text) {
  const words = document.createElement("bdi");
  words.textContent = text || "";
  return text ? words.outerHTML : "";
}
