// One complaint's place on a small map (desk and field).

import { readJson } from "gp/lib/dom";
import { createMap } from "gp/map/map";
import { showPlace } from "gp/map/place";

const place = readJson("place");
if (place) showPlace(createMap(document.getElementById("map"), readJson("map-config")), place);
