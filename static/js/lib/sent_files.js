// Files of a form that the browser sends by itself: named below the field's button, and made smaller where the box says so.
// Not everywhere: a crew's photo tells where it was taken, and evidence is kept as it is.

import { el } from "gp/lib/dom";
import { formatBytes } from "gp/lib/format";
import { shrink } from "gp/lib/shrink";

// Per field, what is being prepared; a form is not sent before that is done.
const preparing = new Map();

/** Show and prepare what was just chosen in `input`; what was chosen before is replaced, as browsers do. */
export function prepareChosen(input) {
  const chosen = [...input.files];
  show(input, chosen);
  if (!input.closest("[data-shrinks]")) return;
  const work = Promise.all(chosen.map(shrink)).then((files) => {
    if (preparing.get(input) !== work) return;
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    input.files = transfer.files;
    show(input, files);
    preparing.delete(input);
  });
  preparing.set(input, work);
}

function show(input, files) {
  const box = input.closest(".file-field");
  box.querySelector("ul")?.remove();
  if (files.length) box.append(el("ul", {}, files.map((file) => el("li", {}, el("bdi", {}, file.name), " ", el("small", {}, formatBytes(file.size))))));
}

document.addEventListener(
  "submit",
  (event) => {
    const works = [...preparing].filter(([input]) => input.form === event.target).map(([, work]) => work);
    if (!works.length) return;
    event.preventDefault();
    event.stopPropagation();
    Promise.all(works).then(() => event.target.requestSubmit(event.submitter));
  },
  true,
);
