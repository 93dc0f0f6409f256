// Where names go on a map that is full of circles: beside them rather than under them. Pure; pixels, x to the right.

/** True if two boxes {left, top, right, bottom} share ground. */
export function overlap(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

/**
 * Place as many labels as there is room for, the first ones first.
 * `labels`: [{x, y, width, height}], centred on their point if they can be; `taken`: boxes that must stay free;
 * `frame`: the box that they must lie in. Returns for each label its centre {x, y}, or null where there is no room.
 */
export function placeLabels(labels, taken, frame) {
  const occupied = [...taken];
  return labels.map((label) => {
    for (const [dx, dy] of shifts(label)) {
      const box = boxOf(label, dx, dy);
      const inside = box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
      if (!inside || occupied.some((other) => overlap(box, other))) continue;
      occupied.push(box);
      return { x: label.x + dx, y: label.y + dy };
    }
    return null;
  });
}

// From its own place outwards: above and below before left and right, for names are wide and low.
function shifts({ width, height }) {
  const found = [[0, 0]];
  for (const step of [1, 1.6, 2.3, 3]) {
    const up = height * step;
    const side = width / 2 + height * (step - 0.4);
    found.push([0, -up], [0, up], [side, 0], [-side, 0], [width / 3, -up], [-width / 3, -up], [width / 3, up], [-width / 3, up]);
  }
  return found;
}

function boxOf({ x, y, width, height }, dx, dy) {
  const left = x + dx - width / 2;
  const top = y + dy - height / 2;
  return { left, top, right: left + width, bottom: top + height };
}
