// Boxes over a photo, drawn with a finger or a mouse, or added and moved with keys; the form's text field holds them, one a
// line, in percent of the picture.

const LEAST = 0.5;
const STEP = 2;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const NEW_BOX = [40, 40, 20, 20];

/** Show the picture of a `.black-out` and let boxes be drawn on it. Boxes that were typed are shown, too. */
export function drawBoxes(details) {
  if (details.querySelector(".boxes")) return;
  const field = details.querySelector("textarea");
  const stage = document.createElement("div");
  stage.className = "boxes";
  const picture = new Image();
  picture.src = details.dataset.picture;
  picture.alt = "";
  picture.draggable = false;
  stage.append(picture);
  field.closest(".field").before(stage);

  const read = () =>
    field.value
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter((box) => box.length === 4 && box.every(Number.isFinite));

  function show() {
    for (const old of stage.querySelectorAll(".boxes__box")) old.remove();
    read().forEach((box, n) => {
      const node = boxNode(box, () => remove(n));
      node.addEventListener("keydown", (event) => onKey(event, n));
      stage.append(node);
    });
  }

  function remove(n) {
    write(read().filter((_, other) => other !== n));
    add.focus();
  }

  // Arrows move a box, with Shift its far corner; Enter, Space and Delete take it away.
  function onKey(event, n) {
    const by = ARROWS[event.key];
    if (event.key === "Delete") remove(n);
    else if (by) {
      write(read().map((box, other) => (other === n ? shifted(box, by, event.shiftKey) : box)));
      focusOn(n);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const focusOn = (n) => stage.querySelectorAll(".boxes__box")[n]?.focus();

  function write(boxes) {
    field.value = boxes.map((box) => box.map((side) => Number(side.toFixed(1))).join(" ")).join("\n");
    show();
  }

  let start = null;
  let ghost = null;
  const at = (event) => {
    const { left, top, width, height } = stage.getBoundingClientRect();
    const inside = (value) => Math.min(100, Math.max(0, value));
    return [inside(((event.clientX - left) / width) * 100), inside(((event.clientY - top) / height) * 100)];
  };
  const between = ([x, y], [toX, toY]) => [Math.min(x, toX), Math.min(y, toY), Math.abs(toX - x), Math.abs(toY - y)];

  stage.addEventListener("pointerdown", (event) => {
    if (event.target.matches(".boxes__box") || event.button) return;
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    start = at(event);
    ghost = boxNode([...start, 0, 0]);
    stage.append(ghost);
  });
  stage.addEventListener("pointermove", (event) => start && place(ghost, between(start, at(event))));
  stage.addEventListener("pointerup", (event) => {
    if (!start) return;
    const box = between(start, at(event));
    start = null;
    ghost.remove();
    if (box[2] > LEAST && box[3] > LEAST) write([...read(), box]);
  });
  stage.addEventListener("pointercancel", () => {
    start = null;
    ghost?.remove();
  });
  const add = details.querySelector(".black-out__add");
  add.addEventListener("click", () => {
    write([...read(), NEW_BOX]);
    focusOn(read().length - 1);
  });
  field.addEventListener("input", show);
  show();
}

function shifted([left, top, width, height], [x, y], corner) {
  const within = (value, most) => Math.min(most, Math.max(0, value));
  if (!corner) return [within(left + x * STEP, 100 - width), within(top + y * STEP, 100 - height), width, height];
  const longer = (side, by, from) => Math.min(100 - from, Math.max(STEP, side + by * STEP));
  return [left, top, longer(width, x, left), longer(height, y, top)];
}

function boxNode(box, onPress = null) {
  const node = document.createElement(onPress ? "button" : "div");
  node.className = "boxes__box";
  if (onPress) {
    node.type = "button";
    node.setAttribute("aria-label", box.map((side) => Number(side.toFixed(1))).join(" "));
    node.addEventListener("click", onPress);
  }
  place(node, box);
  return node;
}

function place(node, [left, top, width, height]) {
  node.style.left = `${left}%`;
  node.style.top = `${top}%`;
  node.style.width = `${width}%`;
  node.style.height = `${height}%`;
}
