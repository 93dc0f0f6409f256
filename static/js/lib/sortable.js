// Tables that sort by a click on a heading. Cells tell their order by data-order (a number; empty stays last), else by their text.

import { announce, el } from "gp/lib/dom";

/** Make each heading of a table a button. The first press sorts numbers from the largest, words from the first. */
export function makeSortable(table) {
  for (const heading of table.tHead.rows[0].cells) {
    const button = el("button", { type: "button", onclick: () => sortBy(table, heading) }, ...heading.childNodes);
    heading.replaceChildren(button);
  }
}

function sortBy(table, heading) {
  const column = heading.cellIndex;
  const numeric = heading.classList.contains("number");
  const before = heading.getAttribute("aria-sort");
  const falls = before ? before === "ascending" : numeric;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", falls ? "descending" : "ascending");
  const body = table.tBodies[0];
  body.append(...[...body.rows].sort(comparing(column, numeric, falls)));
  announce(heading.textContent);
}

/** Rows by one column; those that tell nothing come last, whichever way it goes. */
function comparing(column, numeric, falls) {
  const sign = falls ? -1 : 1;
  if (!numeric) {
    const words = new Intl.Collator(document.documentElement.lang, { numeric: true });
    return (a, b) => sign * words.compare(a.cells[column].textContent.trim(), b.cells[column].textContent.trim());
  }
  const order = (row) => row.cells[column].dataset.order ?? "";
  return (a, b) => {
    const [left, right] = [order(a), order(b)];
    if (left === "" || right === "") return (left === "") - (right === "");
    return sign * (Number(left) - Number(right));
  };
}
