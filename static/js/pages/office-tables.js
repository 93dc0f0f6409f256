// The office's tables sort by a click on a heading.

import { makeSortable } from "gp/lib/sortable";

for (const table of document.querySelectorAll("table[data-sortable]")) makeSortable(table);
