/* Renews the part of a page that says data-refresh="seconds", while the page is looked at. */
for (const part of document.querySelectorAll("[data-refresh]")) {
  setInterval(async () => {
    if (document.hidden || part.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.href, {headers: {"X-Part": "1"}, redirect: "error"});
      if (answer.ok) part.innerHTML = await answer.text();
    } catch {
      /* The server is away for a moment: the next round asks again. */
    }
  }, 1000 * Number(part.dataset.refresh));
}
