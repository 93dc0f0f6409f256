// Chosen files of a form: made smaller at once, shown with a picture, removable; held in memory, so that an answer of
// the server or a lost connection never loses them.

import { announce, el, fill, icon } from "gp/lib/dom";
import { formatBytes } from "gp/lib/format";
import { shrink } from "gp/lib/shrink";

const MOST = 5;
const LARGEST = 10_000_000;
// What the server takes; it looks into the files, this looks at their names only.
const TAKEN = /\.(jpe?g|png|webp|hei[cf]|pdf)$/i;

export class FileList {
  /** `input`: the file field; `list`: an empty <ul>; `words`: choose, remove "{name}", tooMany, wrongKind, tooLarge "{name}", shrinking. */
  constructor({ input, list, words }) {
    Object.assign(this, { input, list, words });
    this.rows = [];
    input.addEventListener("change", () => {
      // Set by ourselves to empty it: then there is nothing to add.
      if (input.files.length) this.add([...input.files]);
      input.value = "";
    });
  }

  /** The files as they will be sent, once all are prepared. */
  async ready() {
    return Promise.all(this.rows.map((row) => row.file));
  }

  add(chosen) {
    const room = MOST - this.rows.length;
    if (chosen.length > room) this.#complain(this.words.tooMany);
    // A picture of another kind is made a JPEG of; a drawing is a program's text.
    const taken = chosen.filter((file) => TAKEN.test(file.name) || (file.type.startsWith("image/") && file.type !== "image/svg+xml"));
    if (taken.length < chosen.length) this.#complain(this.words.wrongKind);
    for (const file of taken.slice(0, room)) {
      const row = { name: file.name, file: shrink(file) };
      this.rows.push(row);
      this.#show(row, file);
    }
    announce(this.words.shrinking);
  }

  async #show(row, original) {
    const size = el("small", {}, this.words.shrinking);
    const picture = el("span", { class: "file-list__picture" }, icon("file"));
    const remove = el(
      "button",
      { type: "button", class: "icon-button", "aria-label": fill(this.words.remove, { name: row.name }), onclick: () => this.#remove(row) },
      icon("close"),
    );
    row.node = el(
      "li",
      {},
      picture,
      el("span", { class: "file-list__name" }, el("bdi", {}, row.name), size),
      remove,
    );
    this.list.append(row.node);
    this.list.hidden = false;
    const file = await row.file;
    size.textContent = formatBytes(file.size);
    if (file.size > LARGEST) {
      this.#remove(row);
      this.#complain(fill(this.words.tooLarge, { name: row.name }));
      return;
    }
    if (file.type.startsWith("image/") && file.type !== "image/heic") this.#picture(picture, file);
    if (original !== file) row.node.dataset.shrunk = "";
  }

  #picture(place, file) {
    const image = el("img", { src: URL.createObjectURL(file), alt: "" });
    image.addEventListener("error", () => place.replaceChildren(icon("file")));
    place.replaceChildren(image);
  }

  #remove(row) {
    this.rows = this.rows.filter((other) => other !== row);
    const image = row.node.querySelector("img");
    if (image) URL.revokeObjectURL(image.src);
    row.node.remove();
    this.list.hidden = !this.rows.length;
    this.input.focus();
  }

  #complain(text) {
    this.list.parentElement.querySelector(".field__error[data-files]")?.remove();
    const error = el("ul", { class: "field__error", role: "alert", dataset: { files: "" } }, el("li", {}, icon("alert"), " ", text));
    this.list.before(error);
  }
}
