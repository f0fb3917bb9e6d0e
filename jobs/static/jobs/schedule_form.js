// Shows the next fires of the rule as it is typed; the server reckons them, nothing is saved.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const panel = document.querySelector("[data-preview-url]");
  const form = panel && panel.closest("form");
  if (!form) return;
  const watched = /^(rule|zone|start_time_[01]|end_at_[01]|crontab|interval|clocked|solar)$/;
  let shown = null;
  let timer = null;
  let asked = null;

  const state = () =>
    JSON.stringify([...new FormData(form)].filter(([name]) => watched.test(name)));

  const show = async () => {
    if (asked) asked.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(panel.dataset.previewUrl, {
        method: "POST",
        body: new FormData(form),
        credentials: "same-origin",
        signal: asked.signal,
      });
      if (answer.ok && !answer.redirected) panel.innerHTML = await answer.text();
      else panel.textContent = "There is no preview now; reload the page.";
    } catch (error) {
      if (error.name !== "AbortError") panel.textContent = "The preview can't be reached now.";
    }
  };

  const look = () => {
    const now = state();
    if (now === shown) return;
    shown = now;
    clearTimeout(timer);
    timer = setTimeout(show, 250);
  };

  // The calendar and the choosers change fields without an event of their own, so every touch is a look.
  for (const kind of ["input", "change", "click", "focusin"]) document.addEventListener(kind, look);
  look();
});
