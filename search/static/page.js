// Comfort only: everything works without this file.
"use strict";
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    document.querySelector("#q")?.focus();
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !["j", "k"].includes(event.key)) return;
  const links = [...document.querySelectorAll(".card h3 a")];
  const at = links.indexOf(document.activeElement);
  links[event.key === "j" ? Math.min(at + 1, links.length - 1) : Math.max(at - 1, 0)]?.focus();
});
// On a narrow screen the filters would push the answers below the fold.
const filters = document.querySelector("#filters");
if (filters && window.matchMedia("(max-width: 48rem)").matches) filters.open = false;
// Empty fields make long addresses.
document.querySelector("form")?.addEventListener("submit", (event) => {
  for (const field of event.target.elements) if (field.name) field.disabled = field.value === "";
});
window.addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("input[name]")) field.disabled = false;
});
