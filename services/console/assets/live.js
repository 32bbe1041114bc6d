// Keeps an open page up to date. Every page is complete without it.
//
// data-live="counts.held" shows that value of the stream; data-live-part="sync" on an element with an id has the element
// fetched again when that value moves, unless somebody is typing in it.

const value = (pulse, path) => path.split(".").reduce((at, name) => at?.[name], pulse);

async function renew(parts) {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts) {
    const with_ = fresh.getElementById(part.id);
    if (with_ && !part.contains(document.activeElement)) part.replaceWith(with_);
  }
}

function watch(address) {
  let before;
  const source = new EventSource(address);
  source.addEventListener("pulse", (event) => {
    const pulse = JSON.parse(event.data);
    for (const shown of document.querySelectorAll("[data-live]")) {
      const now = value(pulse, shown.dataset.live) ?? 0;
      if (shown instanceof HTMLProgressElement || shown instanceof HTMLMeterElement) shown.value = now;
      else shown.textContent = now;
    }
    const moved = (part) => before
      && JSON.stringify(value(before, part.dataset.livePart)) !== JSON.stringify(value(pulse, part.dataset.livePart));
    const parts = [...document.querySelectorAll("[data-live-part]")].filter(moved);
    before = pulse;
    if (parts.length > 0) renew(parts);
  });
  addEventListener("pagehide", () => source.close());
}

const address = document.body.dataset.events;
if (address) watch(address);
