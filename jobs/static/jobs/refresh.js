/* Renews the part of a page that says data-refresh="seconds", while the page is looked at and nothing in it is in use. */
for (const part of document.querySelectorAll("[data-refresh]")) {
  const inUse = () => part.contains(document.activeElement) || part.querySelector("details[open]") || String(getSelection());
  const timer = setInterval(async () => {
    if (document.hidden || inUse()) return;
    try {
      const answer = await fetch(location.href, {headers: {"X-Part": "1"}, redirect: "error"});
      const text = await answer.text();
      if (answer.ok && !inUse()) {
        part.innerHTML = text;
        if (answer.headers.get("X-Final")) clearInterval(timer);
      }
    } catch {
      /* The server is away for a moment: the next round asks again. */
    }
  }, 1000 * Number(part.dataset.refresh));
}
