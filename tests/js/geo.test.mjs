import assert from "node:assert/strict";
import test from "node:test";

import { classOf, distance, squareAround, tileBounds } from "../../static/js/lib/geo.js";

test("distance follows the great circle", () => {
  // One degree of latitude on the mean sphere.
  assert.ok(Math.abs(distance([-5.37, 35], [-5.37, 36]) - 111_195) < 1);
  assert.equal(distance([-5.37, 35.57], [-5.37, 35.57]), 0);
});

test("a tile's bounds are west, south, east, north", () => {
  assert.deepEqual(tileBounds(0, 0, 0).map(Math.round), [-180, -85, 180, 85]);
  const [west, south, east, north] = tileBounds(7945, 6457, 14);
  assert.ok(west < east && south < north);
  assert.ok(west < -5.4 && east > -5.43);
});

test("a square has the asked side both ways", () => {
  const [west, south, east, north] = squareAround([-5.37, 35.57], 200);
  assert.ok(Math.abs(distance([west, 35.57], [east, 35.57]) - 200) < 0.5);
  assert.ok(Math.abs(distance([-5.37, south], [-5.37, north]) - 200) < 0.5);
});

test("a class begins at its lower limit", () => {
  const limits = [1, 5, 10];
  assert.deepEqual([0, 0.9, 1, 4.9, 5, 10, 99].map((value) => classOf(value, limits)), [0, 0, 1, 1, 2, 3, 3]);
});
