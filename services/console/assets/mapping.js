// Checks the mapping while somebody types, and takes a document from a file. Every page is complete without it.

const form = document.querySelector("form[data-check]");
let waiting;
let running;

async function check() {
  const body = new URLSearchParams(new FormData(form));
  body.set("action", "check");
  running?.abort();
  running = new AbortController();
  let answer;
  try {
    answer = await fetch(form.getAttribute("action"), { method: "POST", body, signal: running.signal });
  } catch {
    return; // Overtaken by a newer one, or offline: saving will tell.
  }
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const place of document.querySelectorAll("[data-problems]")) {
    const told = fresh.getElementById(place.id);
    if (told && told.innerHTML !== place.innerHTML) place.replaceWith(told);
  }
}

form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(check, 500);
});

for (const place of document.querySelectorAll("[data-file-into]")) {
  place.hidden = false;
  place.querySelector("input").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    if (file) document.getElementById(place.dataset.fileInto).value = await file.text();
  });
}
