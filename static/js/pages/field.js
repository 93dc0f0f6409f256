// The crew's day: pins of the assigned complaints, and the list sorted by distance once the phone says where it is.

import { announce, fill, readJson } from "gp/lib/dom";
import { formatDistance } from "gp/lib/format";
import { distance } from "gp/lib/geo";
import { createMap } from "gp/map/map";
import { showPins } from "gp/map/place";

const { stops } = readJson("field-settings");
const words = document.getElementById("field-words").dataset;
const status = document.getElementById("field-status");
const list = document.getElementById("stops");
const button = document.getElementById("nearest");

const geoMap = createMap(document.getElementById("map"), readJson("map-config"));
showPins(
  geoMap,
  stops.map((stop) => ({
    ...stop,
    label: fill(words.point, { category: stop.category, state: stop.state_label, number: stop.tracking_number }),
  })),
  { onSelect: (stop) => location.assign(stop.url) },
);

function sortFrom({ coords }) {
  const here = [coords.longitude, coords.latitude];
  const far = new Map(stops.map((stop) => [stop.tracking_number, distance(here, [stop.lon, stop.lat])]));
  const rows = [...list.children].sort((a, b) => far.get(a.dataset.trackingNumber) - far.get(b.dataset.trackingNumber));
  for (const row of rows) {
    const label = row.querySelector("[data-distance]");
    label.textContent = formatDistance(far.get(row.dataset.trackingNumber));
    label.hidden = false;
  }
  list.append(...rows);
  say(words.sorted);
}

function say(text) {
  status.textContent = text;
  announce(text);
}

function locate() {
  say(words.locating);
  navigator.geolocation.getCurrentPosition(sortFrom, () => say(words.failed), { maximumAge: 60_000, timeout: 15_000 });
}

if (button && "geolocation" in navigator) {
  button.hidden = false;
  button.addEventListener("click", locate);
  // Asked once before: no question pops up, so the list may sort itself.
  navigator.permissions
    ?.query({ name: "geolocation" })
    .then(({ state }) => {
      if (state === "granted") locate();
    })
    .catch(() => {});
}
