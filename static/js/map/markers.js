// Pins and their popups, as real buttons with names. Shared by the layers of this folder.

import { el, icon } from "gp/lib/dom";

const { L } = window;
const SVG = "http://www.w3.org/2000/svg";
// The column in which the zoom stands, at the side where a line of text begins.
const BUTTONS_PX = 64;
const isMirrored = () => document.documentElement.dir === "rtl";
const ARCH = "M20 47 8.500 33.500C4.300 29 2 24.300 2 19a18 18 0 0 1 36 0c0 5.300-2.300 10-6.500 14.500z";

/** A Leaflet marker whose icon is `node`, centred or standing on its point. The node takes the pointer and the keys. */
export function nodeMarker(lon, lat, node, size, { standing = false, zIndexOffset = 0 } = {}) {
  L.DomEvent.disableClickPropagation(node);
  return L.marker([lat, lon], {
    keyboard: false,
    interactive: false,
    zIndexOffset,
    icon: L.divIcon({
      className: "map-node",
      html: node,
      iconSize: size,
      iconAnchor: standing ? [size[0] / 2, size[1]] : [size[0] / 2, size[1] / 2],
    }),
  });
}

/**
 * The pin of a service: its colour, its symbol, a mark when late, and how many people told of it.
 * `label` is its whole accessible name.
 */
export function pin({ service, symbol, label, late = false, count = "", onSelect = null }) {
  const shape = document.createElementNS(SVG, "svg");
  shape.setAttribute("viewBox", "0 0 40 48");
  shape.setAttribute("class", "map-pin__shape");
  shape.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ARCH);
  shape.append(path);
  const content = [
    shape,
    icon(symbol || "pin", "map-pin__icon"),
    late && el("span", { class: "map-pin__late" }, "!"),
    count && el("span", { class: "map-pin__count" }, count),
  ];
  const cssClass = `map-pin svc-${service}`;
  if (!onSelect) return el("span", { class: cssClass, role: "img", "aria-label": label }, content);
  return el("button", { type: "button", class: cssClass, "aria-label": label, title: label, onclick: onSelect }, content);
}

export const PIN_SIZE = [40, 48];

/**
 * Open a popup at a point with DOM content; the focus goes into it and comes back to `opener` when it closes.
 * `closeLabel` names its close button.
 */
export function openPopup(map, [lon, lat], content, { closeLabel, opener = null, lift = 0 }) {
  const popup = L.popup({
    closeButton: false,
    offset: [0, -lift],
    minWidth: 220,
    maxWidth: 300,
    className: "map-popup",
    // The map moves so far that its buttons do not lie on the words.
    autoPanPaddingTopLeft: [isMirrored() ? 8 : BUTTONS_PX, 8],
    autoPanPaddingBottomRight: [isMirrored() ? BUTTONS_PX : 8, 8],
  });
  const close = () => popup.remove();
  const box = el(
    "div",
    { dir: document.documentElement.dir, class: "map-popup__box", role: "dialog", tabindex: "-1" },
    content,
    el("button", { type: "button", class: "icon-button map-popup__close", "aria-label": closeLabel, onclick: close }, icon("close")),
  );
  const heading = box.querySelector("h2, h3, h4");
  if (heading) {
    heading.id ||= `popup-${Date.now()}`;
    box.setAttribute("aria-labelledby", heading.id);
  } else {
    box.setAttribute("aria-label", closeLabel);
  }
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  popup.setLatLng([lat, lon]).setContent(box).openOn(map);
  popup.once("remove", () => {
    if (opener?.isConnected) opener.focus({ preventScroll: true });
  });
  box.focus({ preventScroll: true });
  return popup;
}
