// Choosing a place: a pin stands fixed at the middle, the map moves under it. No dragging of small things, and the
// arrow keys do as well as a finger. Nothing is chosen before the reader moved the map, asked for GPS or searched.

import { announce, el, fill, icon } from "gp/lib/dom";
import { formatDistance } from "gp/lib/format";

const { L } = window;
// A minus stays before its number in an Arabic sentence.
const isolated = (number) => `\u2066${number}\u2069`;

/**
 * `inputs`: {longitude, latitude}, the form's fields; each choice fills them and sends `change`.
 * `gpsButton` and `status` (where words about GPS go) may be null. `words`: locating, accuracy "{distance}", denied,
 * unavailable, picked "{latitude} {longitude}". `onPick({lon, lat})` hears each choice.
 */
export class Picker {
  constructor(geoMap, { inputs, gpsButton = null, status = null, words, onPick }) {
    Object.assign(this, { geoMap, inputs, status, words, onPick });
    this.touched = false;
    this.crosshair = el("div", { class: "map-crosshair", "aria-hidden": "true" }, icon("pin"));
    geoMap.element.append(this.crosshair);
    const map = geoMap.leaflet;
    map.on("movestart", () => this.crosshair.classList.add("is-lifted"));
    map.on("moveend", () => this.#settle());
    for (const event of ["pointerdown", "keydown", "wheel", "touchstart"]) {
      geoMap.element.addEventListener(event, () => (this.touched = true), { passive: true });
    }
    gpsButton?.addEventListener("click", () => this.locate(gpsButton));
    const { longitude, latitude } = inputs;
    if (longitude.value && latitude.value) this.choose(Number(longitude.value), Number(latitude.value));
  }

  /** Move there and take it as the choice: from search, GPS or an earlier visit. */
  choose(lon, lat, zoom = 17) {
    this.touched = true;
    this.geoMap.leaflet.setView([lat, lon], Math.max(zoom, this.geoMap.leaflet.getZoom()), { animate: false });
    this.#settle();
  }

  /** Ask the device; shows how exact its answer is. */
  locate(button) {
    if (!navigator.geolocation) {
      this.#say(this.words.unavailable);
      return;
    }
    button.setAttribute("aria-busy", "true");
    this.#say(this.words.locating);
    const done = () => button.removeAttribute("aria-busy");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        done();
        this.#showAccuracy(coords);
        this.choose(coords.longitude, coords.latitude, zoomForAccuracy(coords.accuracy));
        this.#say(fill(this.words.accuracy, { distance: formatDistance(coords.accuracy) }));
      },
      (error) => {
        done();
        this.#say(error.code === error.PERMISSION_DENIED ? this.words.denied : this.words.unavailable);
      },
      { enableHighAccuracy: true, timeout: 12_000, maximumAge: 30_000 },
    );
  }

  #settle() {
    this.crosshair.classList.remove("is-lifted");
    if (!this.touched) return;
    const { lon, lat } = this.geoMap.view;
    const { longitude, latitude } = this.inputs;
    const chosen = [lon.toFixed(6), lat.toFixed(6)];
    if (longitude.value === chosen[0] && latitude.value === chosen[1] && this.settled) return;
    [longitude.value, latitude.value] = chosen;
    this.settled = true;
    this.crosshair.classList.add("is-chosen");
    latitude.dispatchEvent(new Event("change", { bubbles: true }));
    // What GPS said is said no more once the map was moved away from there.
    this.#say(fill(this.words.picked, { longitude: isolated(lon.toFixed(4)), latitude: isolated(lat.toFixed(4)) }));
    this.onPick?.({ lon: Number(chosen[0]), lat: Number(chosen[1]) });
  }

  #showAccuracy({ longitude, latitude, accuracy }) {
    this.circle?.remove();
    this.circle = L.circle([latitude, longitude], { radius: accuracy, interactive: false, className: "map-accuracy" });
    this.circle.addTo(this.geoMap.leaflet);
  }

  #say(text) {
    if (this.status) this.status.textContent = text;
    else announce(text);
  }
}

function zoomForAccuracy(metres) {
  if (metres <= 30) return 18;
  return metres <= 150 ? 17 : 15;
}
