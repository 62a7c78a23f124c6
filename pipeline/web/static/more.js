// Shows more hits in their place, where the link alone would load the page anew.
"use strict";

const readAddress = (hit) => hit.querySelector("h2 a").getAttribute("href");

document.addEventListener("click", async (event) => {
  const link = event.target.closest(".more a");
  const opensElsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (!link || opensElsewhere || link.ariaBusy) return;
  event.preventDefault();
  link.ariaBusy = "true";
  try {
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error(answer.statusText);
    const longer = new DOMParser().parseFromString(await answer.text(), "text/html");
    const hits = document.querySelector(".hits");
    const shown = new Set([...hits.children].map(readAddress));
    // What came in since stands with those that are added: counted from the first, hits would stand there twice.
    const added = [...longer.querySelectorAll(".hits > li")].filter((hit) => !shown.has(readAddress(hit)));
    for (const hit of added) {
      hits.append(hit);
      hit.id = `hit-${hits.children.length}`;
    }
    const more = longer.querySelector(".more");
    if (more) link.closest(".more").replaceWith(more);
    else link.closest(".more").remove();
    history.replaceState(null, "", new URL(link.href).search);
    added[0]?.querySelector("a").focus();
  } catch {
    location.assign(link.href); // the page that answers says what is wrong
  }
});
