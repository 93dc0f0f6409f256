// Simulation: where complaints would go to another unit.

import { readJson } from "gp/lib/dom";
import { showMoves } from "gp/map/findings";
import { createMap } from "gp/map/map";

const geoMap = createMap(document.getElementById("map"), readJson("map-config"));
showMoves(geoMap, readJson("simulation-cells"), document.getElementById("simulation-words").dataset.cell);
