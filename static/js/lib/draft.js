// What was typed survives a reload or a crash of the tab: kept in this tab's storage, never sent, gone once it is sent.

const NOT_KEPT = new Set(["csrfmiddlewaretoken", "key", "reviewed", "asked", "place_query"]);

/** Keep the form's texts and choices under `name` at each change. Files cannot be kept. */
export function keepDraft(form, name) {
  const save = () => {
    const values = [...new FormData(form)].filter(([field, value]) => typeof value === "string" && value && !NOT_KEPT.has(field));
    try {
      sessionStorage.setItem(name, JSON.stringify(values));
    } catch {
      // Storage may be full or refused: then there is no draft.
    }
  };
  form.addEventListener("input", save);
  form.addEventListener("change", save);
}

/** Fill empty fields of the form from the draft; true if there was anything to fill in. */
export function restoreDraft(form, name) {
  let restored = false;
  for (const [field, value] of readDraft(name)) {
    const control = form.elements.namedItem(field);
    if (!control) continue;
    if (control instanceof RadioNodeList || control.type === "radio" || control.type === "checkbox") {
      restored = tick(form, field, value) || restored;
    } else if (!control.value) {
      control.value = value;
      restored = true;
    }
  }
  return restored;
}

export function forgetDraft(name) {
  try {
    sessionStorage.removeItem(name);
  } catch {
    // Nothing was kept then.
  }
}

function tick(form, field, value) {
  const options = [...form.querySelectorAll(`[name="${CSS.escape(field)}"]`)];
  const wanted = options.find((option) => option.value === value && !option.checked);
  // A choice that the page or the reader already made is not overruled.
  const isChosen = options.some((option) => option.type === "radio" && option.checked && !option.defaultChecked);
  if (!wanted || isChosen) return false;
  wanted.checked = true;
  return true;
}

function readDraft(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name)) || [];
  } catch {
    return [];
  }
}
