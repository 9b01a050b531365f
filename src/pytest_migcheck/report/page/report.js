"use strict";
document.documentElement.classList.add("js");
(() => {
  const steps = [...document.querySelectorAll("details.step")];
  const filter = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const open = (value) => steps.forEach((step) => { if (!step.hidden) step.open = value; });
  document.getElementById("expand").addEventListener("click", () => open(true));
  document.getElementById("collapse").addEventListener("click", () => open(false));
  const texts = new Map();
  const textOf = (step) => {
    if (!texts.has(step)) texts.set(step, step.textContent.toLowerCase());
    return texts.get(step);
  };
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    let count = 0;
    for (const step of steps) {
      step.hidden = wanted !== "" && !textOf(step).includes(wanted);
      count += step.hidden ? 0 : 1;
    }
    shown.textContent = wanted === "" ? "" : `${count} of ${steps.length}`;
  });
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const step = target && target.closest("details");
    if (!step) return;
    step.hidden = false;
    step.open = true;
    document.getElementById("only-findings").checked = false;
    target.scrollIntoView();
    target.focus({ preventScroll: true });
  };
  addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href^='#']");
    // A second click on the same link changes no hash.
    if (link && link.getAttribute("href") === location.hash) reveal();
    const button = event.target.closest && event.target.closest("button.copy");
    if (button && navigator.clipboard) {
      navigator.clipboard.writeText(button.previousElementSibling.textContent).then(() => {
        button.textContent = "copied";
        setTimeout(() => { button.textContent = "copy"; }, 1500);
      });
    }
  });
  if (location.hash) reveal();
})();
