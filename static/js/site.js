// What every page has: appearance switch, menus that close, dialogs, focus on the error summary, copy and share.

import { announce, useIcon } from "gp/lib/dom";
import { prepareChosen } from "gp/lib/sent_files";

const root = document.documentElement;
const systemDark = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches;
}

function setUpThemeSwitch(button) {
  const show = () => {
    const dark = isDark();
    button.setAttribute("aria-label", dark ? button.dataset.labelLight : button.dataset.labelDark);
    button.title = button.getAttribute("aria-label");
    useIcon(button.querySelector("svg"), dark ? "sun" : "moon");
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // Not remembered, but done.
    }
    show();
    document.dispatchEvent(new CustomEvent("gp:theme"));
  });
  systemDark.addEventListener("change", () => {
    show();
    document.dispatchEvent(new CustomEvent("gp:theme"));
  });
  show();
  button.hidden = false;
}

function closeOpenMenus(except) {
  for (const menu of document.querySelectorAll("details[data-closes-outside][open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
}

document.querySelectorAll("[data-theme-toggle]").forEach(setUpThemeSwitch);

document.addEventListener("click", (event) => {
  closeOpenMenus(event.target);
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
  const copier = event.target.closest("[data-copies]");
  if (copier) copy(copier);
  const sharer = event.target.closest("[data-shares]");
  if (sharer) share(sharer);
  if (event.target.closest("[data-prints]")) window.print();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-closes-outside][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

async function copy(button, text = button.dataset.copies) {
  try {
    await navigator.clipboard.writeText(text);
    announce(button.dataset.done);
    button.classList.add("is-done");
  } catch {
    window.prompt("", text);
  }
}

async function share(button) {
  const url = new URL(button.dataset.shares, location.href).href;
  if (!navigator.share) {
    await copy(button, url);
    return;
  }
  try {
    await navigator.share({ title: document.title, url });
  } catch {
    // The reader closed the sheet.
  }
}

document.addEventListener("change", (event) => {
  // Who keeps its files itself (js/lib/files.js) has emptied the field by now.
  if (event.target.type === "file" && event.target.closest(".file-field")) prepareChosen(event.target);
});

for (const element of document.querySelectorAll("form[data-submits-on-change]")) {
  element.addEventListener("change", () => element.requestSubmit());
}

document.querySelector("[data-takes-focus]")?.focus();

// On a phone the menu is wider than the screen: the page that is open must be seen in it.
document.querySelector(".site-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// So are tabs, which may lie below the screen: the page itself stays where it is.
for (const tabs of document.querySelectorAll(".tabs")) {
  const current = tabs.querySelector("[aria-current]")?.getBoundingClientRect();
  const frame = tabs.getBoundingClientRect();
  if (current) tabs.scrollBy({ left: current.left + current.width / 2 - frame.left - frame.width / 2, behavior: "instant" });
}
