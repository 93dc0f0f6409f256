// Runs before the first paint, as a classic script: a remembered choice of light or dark must not flash.
try {
  const choice = localStorage.getItem("theme");
  if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
} catch {
  // Storage may be refused; the system's wish then holds.
}
