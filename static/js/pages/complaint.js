// One complaint's public page: its place on a small map, as precisely as it may be known.

import { readJson } from "gp/lib/dom";
import { createMap } from "gp/map/map";
import { showPlace } from "gp/map/place";

const place = readJson("place");
const map = createMap(document.getElementById("map"), readJson("map-config"));
showPlace(map, { ...place, lon: place.longitude, lat: place.latitude, symbol: place.icon });
