// The page of what is watched: asked for again twice a second, and replaced where it is another.
const EVERY = 500; // milliseconds
let tag = "", drawn = null, gone = null;

async function look() {
  if (document.hidden && tag) return;
  const answer = await fetch("/", { headers: { "If-None-Match": tag }, cache: "no-store" });
  gone?.remove();
  if (answer.status === 200) put(await answer.text());
  tag = answer.headers.get("ETag") ?? tag;
}

function put(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const [old, now] = [document.querySelector("main"), page.querySelector("main")];
  for (const [index, folded] of old.querySelectorAll("details").entries()) {
    const same = now.querySelectorAll("details")[index];
    if (same) same.open = folded.open;
  }
  for (const button of now.querySelectorAll("button[data-copy]")) button.hidden = false;
  old.replaceWith(document.adoptNode(now));
  document.title = page.title;
  for (const place of document.querySelectorAll("[data-from]")) draw(place);
}

// Laying out may take long; until it is done what was drawn before is there, faint.
async function draw(place) {
  if (drawn) place.append(drawn);
  place.classList.add("old");
  const text = await (await fetch(place.dataset.from)).text();
  const picture = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  drawn = text.startsWith("<svg") ? document.importNode(picture, true) : document.createElement("p");
  if (!text.startsWith("<svg")) drawn.textContent = text;
  place.replaceChildren(drawn);
  place.classList.toggle("old", "old" in place.dataset);
}

function lost() {
  if (gone?.isConnected) return;
  gone = document.createElement("aside");
  gone.className = "notice gone";
  gone.textContent = "autorecon watch has ended; this is what it showed last.";
  document.body.append(gone);
}

async function forever() {
  await look().catch(lost);
  setTimeout(forever, EVERY);
}

addEventListener("visibilitychange", () => look().catch(lost));
forever();
