import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { formatDate, formatDistance, formatNumber } from "../../static/js/lib/format.js";

function inLanguage(lang) {
  globalThis.document = { documentElement: { lang, dataset: { timeZone: "Africa/Casablanca" } } };
}

beforeEach(() => inLanguage("fr"));

test("Arabic pages use Western digits, as Morocco does", () => {
  inLanguage("ar");
  assert.match(formatNumber(1284), /1.?284/);
  assert.match(formatDate("2026-11-23T10:00:00Z"), /23/);
});

test("distances are what a person can pace, then kilometres", () => {
  assert.match(formatDistance(12.4), /^12\sm$/);
  assert.match(formatDistance(347), /^350\sm$/);
  assert.match(formatDistance(1260), /^1,3\skm$/);
});

test("a day is that day west of Greenwich, too", () => {
  globalThis.document.documentElement.dataset.timeZone = "America/Los_Angeles";
  assert.match(formatDate("2018-01-04"), /^4 janv\. 2018$/);
});

test("times are the city's, whatever the device's zone", () => {
  assert.match(formatDate("2026-11-23T23:30:00Z", { time: true }), /24 nov\. 2026.*00:30/);
});
