// Months of the office on two maps: month B follows a slider or plays, and both lie over each other behind a curtain.
// Without this script the form above the maps does the same, a month at a time.

import { announce, readJson } from "gp/lib/dom";
import { getJson } from "gp/lib/fetch";
import { formatNumber } from "gp/lib/format";

const data = readJson("months-data");
const maps = document.getElementById("months-maps");
const slider = document.getElementById("months-slider");
const play = document.getElementById("months-play");
const over = document.getElementById("months-over");
const curtain = document.getElementById("months-curtain");
const selects = { month: document.getElementById("office-month"), against: document.getElementById("office-against") };
// Who asked for less motion gets slower steps; nothing ever moves in between.
const STEP_MS = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 3000 : 1400;
// Squares by month, as the server draws them: promises, so that none is asked for twice.
const squares = new Map();
let timer = null;

function show(side, index) {
  const month = data.months[index];
  const figure = maps.querySelector(`[data-side="${side}"]`);
  figure.querySelector("[data-label]").textContent = month.label;
  figure.querySelector("[data-n]").textContent = formatNumber(month.n);
  figure.querySelector("[data-partial]").hidden = !month.partial;
  for (const link of figure.querySelectorAll("[data-code]")) {
    const { code } = link.dataset;
    if (!(code in month.said)) continue;
    const text = `${data.names[code]}: ${month.said[code]}`;
    link.setAttribute("aria-label", text);
    link.setAttribute("href", address(code, month));
    link.querySelector("title").textContent = text;
    link.querySelector("path").setAttribute("class", `district district--${month.ranks[code]}`);
  }
  if (data.squares) placeSquares(side, index);
  else tabulate(side, month);
  selects[side].value = month.key;
  if (side === "month") moveSlider(index);
}

function moveSlider(index) {
  slider.value = index;
  slider.setAttribute("aria-valuetext", data.months[index].label);
}

function squaresOf(month) {
  if (!squares.has(month.key)) {
    const asked = getJson(data.squares.replace("MONTH", month.key));
    squares.set(month.key, asked);
    // The next time it may be there.
    asked.catch(() => squares.delete(month.key));
  }
  return squares.get(month.key);
}

async function placeSquares(side, index) {
  const month = data.months[index];
  const figure = maps.querySelector(`[data-side="${side}"]`);
  const table = document.querySelector(`[data-table="${side}"]`);
  figure.setAttribute("aria-busy", "true");
  figure.querySelector("[data-failed]").hidden = true;
  figure.querySelector("[data-n]").textContent = "…";
  try {
    const { drawn, rows, n } = await squaresOf(month);
    // Meanwhile another month may have been chosen.
    if (selects[side].value !== month.key) return;
    figure.querySelector("[data-squares]").innerHTML = drawn;
    table.tBodies[0].innerHTML = rows;
    table.querySelector("[data-label]").textContent = month.label;
    figure.querySelector("[data-n]").textContent = formatNumber(n);
    figure.removeAttribute("aria-busy");
  } catch {
    if (selects[side].value !== month.key) return;
    figure.querySelector("[data-squares]").replaceChildren();
    figure.querySelector("[data-n]").textContent = "–";
    const failed = figure.querySelector("[data-failed]");
    failed.hidden = false;
    announce(failed.textContent);
  }
  // So that the next step of the play has its squares at hand.
  if (timer && data.months[index + 1]) squaresOf(data.months[index + 1]).catch(() => {});
}

function tabulate(side, month) {
  const table = document.querySelector(`[data-table="${side}"]`);
  table.querySelector("[data-label]").textContent = month.label;
  Object.keys(month.said).forEach((code, row) => {
    const link = table.tBodies[0].rows[row].querySelector("a");
    link.textContent = month.said[code];
    link.href = address(code, month);
  });
}

const address = (code, month) => data.urls[code].replace("FROM", month.from).replace("TO", month.to);
const indexOf = (key) => data.months.findIndex((month) => month.key === key);

function stop() {
  clearInterval(timer);
  timer = null;
  play.setAttribute("aria-pressed", "false");
  play.textContent = play.dataset.play;
}

function start() {
  play.setAttribute("aria-pressed", "true");
  play.textContent = play.dataset.pause;
  if (Number(slider.value) >= data.months.length - 1) show("month", 0);
  timer = setInterval(() => {
    const next = Number(slider.value) + 1;
    show("month", next);
    if (next >= data.months.length - 1) stop();
  }, STEP_MS);
}

function draw() {
  maps.classList.toggle("office-months__maps--over", over.checked);
  document.getElementById("months-curtain-field").hidden = !over.checked;
  maps.style.setProperty("--curtain", `${curtain.value}%`);
}

play.addEventListener("click", () => {
  if (timer) {
    stop();
    announce(data.months[slider.value].label);
  } else start();
});
slider.addEventListener("input", () => {
  stop();
  show("month", Number(slider.value));
});
over.addEventListener("change", draw);
curtain.addEventListener("input", draw);
for (const [side, select] of Object.entries(selects)) {
  select.addEventListener("change", () => {
    stop();
    show(side, indexOf(select.value));
  });
}
const by = document.getElementById("office-by");
by.addEventListener("change", () => by.form.requestSubmit());
document.getElementById("months-compare").hidden = true;
moveSlider(indexOf(selects.month.value));
draw();
