// Long work in pieces, so that a slow phone paints and answers in between.

/** Resolves in a task of its own: the browser had its turn. */
export function turn() {
  return new Promise((resume) => setTimeout(resume));
}
