import assert from "node:assert/strict";
import test from "node:test";

import { overlap, placeLabels } from "../../static/js/lib/labels.js";

const frame = { left: 0, top: 0, right: 400, bottom: 300 };
const label = (x, y) => ({ x, y, width: 80, height: 16 });
const box = (at, { width, height }) => ({
  left: at.x - width / 2,
  right: at.x + width / 2,
  top: at.y - height / 2,
  bottom: at.y + height / 2,
});

test("a name with nothing in its way stands on its place", () => {
  assert.deepEqual(placeLabels([label(200, 150)], [], frame), [{ x: 200, y: 150 }]);
});

test("a name goes beside a circle, not under it", () => {
  const circle = { left: 180, top: 130, right: 220, bottom: 170 };
  const [at] = placeLabels([label(200, 150)], [circle], frame);
  assert.ok(at);
  assert.ok(!overlap(box(at, label(0, 0)), circle));
  assert.ok(Math.abs(at.y - 150) <= 48, "and not far from its place");
});

test("no two names share ground, and the first ones come first", () => {
  const labels = Array.from({ length: 30 }, (_, i) => label(200 + (i % 3), 150));
  const placed = placeLabels(labels, [], frame);
  assert.deepEqual(placed[0], { x: 200, y: 150 });
  const boxes = placed.map((at, i) => at && box(at, labels[i])).filter(Boolean);
  boxes.forEach((one, i) => boxes.slice(i + 1).forEach((other) => assert.ok(!overlap(one, other))));
  assert.ok(placed.includes(null), "what finds no room is left out");
});

test("nothing leaves the frame", () => {
  assert.deepEqual(placeLabels([label(-300, 150)], [], frame), [null]);
  const [at] = placeLabels([label(20, 4)], [], frame);
  assert.ok(at === null || (at.x >= 40 && at.y >= 8));
});
