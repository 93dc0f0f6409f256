import assert from "node:assert/strict";
import test from "node:test";

import { fill } from "../../static/js/lib/dom.js";

test("fill puts values in their places and leaves unknown places alone", () => {
  assert.equal(fill("{n} complaints, {late} late", { n: 42, late: 0 }), "42 complaints, 0 late");
  assert.equal(fill("{who} wrote", {}), "{who} wrote");
});
