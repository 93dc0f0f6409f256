import assert from "node:assert/strict";
import test from "node:test";

import { fold, rank } from "../../static/js/lib/search.js";

const categories = [
  { code: "overflowing-bin", names: ["Bac qui déborde", "حاوية ممتلئة", "Overflowing bin", "lqmama", "zbel"] },
  { code: "pothole", names: ["Nid-de-poule", "حُفرة في الطريق", "Pothole", "hofra"] },
  { code: "dark-lamp", names: ["Lampadaire éteint", "مصباح منطفئ", "Street light out", "do"] },
  { code: "leak", names: ["Fuite d’eau", "تسرب الماء", "Water leak"] },
];
const found = (query) => rank(query, categories, (row) => row.names).map((row) => row.code);

test("accents and case do not matter", () => {
  assert.equal(fold("Éteint ŒUVRE"), "eteint oeuvre");
  assert.equal(found("DEBORDE")[0], "overflowing-bin");
});

test("vowel signs, hamza and ta marbuta do not matter", () => {
  assert.equal(fold("حُفْرَة"), fold("حفره"));
  assert.equal(fold("أحياء إنارة"), fold("احياء اناره"));
  assert.equal(found("حفره")[0], "pothole");
});

test("the Arabic article may be there or not", () => {
  assert.equal(found("طريق")[0], "pothole");
  assert.equal(found("الحفرة")[0], "pothole");
});

test("Darija in Latin letters and digits is understood", () => {
  assert.equal(fold("7ofra"), "hofra");
  assert.equal(found("7ofra")[0], "pothole");
  assert.equal(found("9mama")[0], "overflowing-bin");
});

test("numbers stay numbers", () => {
  assert.equal(fold("rue 27, 2026"), "rue 27 2026");
});

test("an empty query keeps every row in its order, a strange one keeps none", () => {
  assert.deepEqual(found(" "), categories.map((row) => row.code));
  assert.deepEqual(found("xylophone"), []);
});

test("every word of the query must be met", () => {
  assert.deepEqual(found("fuite eau"), ["leak"]);
  assert.deepEqual(found("fuite bus"), []);
});
