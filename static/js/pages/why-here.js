// Why here: a click on the map fills the form and asks.

import { readJson } from "gp/lib/dom";
import { onClick, showGround } from "gp/map/findings";
import { createMap } from "gp/map/map";
import { showPlace } from "gp/map/place";

const form = document.getElementById("why-form");
const geoMap = createMap(document.getElementById("map"), readJson("map-config"));
const place = readJson("place");
if (place) {
  showGround(geoMap, readJson("ground"), place);
  showPlace(geoMap, place);
}

onClick(geoMap, (lon, lat) => {
  form.elements.longitude.value = lon.toFixed(6);
  form.elements.latitude.value = lat.toFixed(6);
  form.requestSubmit();
});
