// The page: what is written goes to a worker, and what that finds is shown, as text alone.
import { pack, unpack } from "./link.js";

const PATIENCE = 5000; // milliseconds that a text may take, and then its drawing
const PAUSE = 150; // of typing, before it is looked at
const part = (id) => document.getElementById(id);
const text = part("text"), behind = part("coloured").appendChild(new Text());
part("coloured").append("\n"); // an empty last line has its height
let patience = PATIENCE, worker, ready, busy, waiting, clock, typing;

function start() {
  worker = new Worker("worker.js", { type: "module" });
  ready = false;
  worker.onmessage = ({ data }) => answered(data);
  worker.onerror = () => broken("Python could not be loaded");
  say(part("faults").childElementCount ? "Starting Python again …" : "Loading Python, once: 15 MB …");
}

function say(line) { part("status").textContent = line; }

function ask(question) {
  waiting = question;
  document.body.ariaBusy = "true";
  if (!ready || busy) return;
  [busy, waiting] = [waiting, null];
  worker.postMessage(busy);
  wait();
  part("drawing").classList.add("old");
}

function wait() {
  clearTimeout(clock);
  clock = setTimeout(() => broken(`stopped after ${Math.round(patience / 1000)} seconds`), patience);
}

function answered(answer) {
  if (answer.broken) return broken(answer.broken);
  if (answer.found) { busy.found = true; wait(); return show(answer.found); }
  if (answer.ready) begun(answer.ready);
  if ("drawn" in answer) draw(answer.drawn);
  if ("tidied" in answer && answer.tidied !== text.value) replace(answer.tidied);
  if (!answer.ready) clearTimeout(clock);
  busy = null;
  say("");
  if (waiting) ask(waiting);
  else document.body.ariaBusy = "false";
}

// A machine that takes long to start Python, as it has other work, takes long for all else too.
function begun(milliseconds) {
  ready = true;
  patience = Math.max(PATIENCE, 5 * milliseconds);
  part("format").disabled = false;
}

// What goes on for too long, or ended in a way that nobody foresaw, goes with its worker.
function broken(why) {
  clearTimeout(clock);
  worker.terminate();
  const fault = { severity: "error", text: `This text was given up: ${why}.` };
  if (busy?.found) draw({ failed: `The drawing was given up: ${why}.` });
  else show({ faults: [fault], more: 0, colours: [] });
  busy = null;
  document.body.ariaBusy = String(Boolean(waiting));
  start();
}

function look() { ask({ text: text.value }); }

function show(found) {
  const place = places(busy ? busy.text : "");
  part("faults").replaceChildren(...found.faults.map((fault) => faultOf(fault, place)));
  if (found.more) part("faults").append(element("p", `and ${found.more} more faults`, "quiet note"));
  if (busy && busy.text === text.value) colour(found, place);
  for (const shown of [part("figures"), part("name")]) shown.classList.toggle("old", !found.name);
  if (!found.name) return;
  part("name").replaceChildren(found.name, element("small", found.kind));
  part("figures").replaceChildren(...found.rows.map(([name, value]) => {
    const row = document.createElement("div");
    row.append(element("dt", name), element("dd", value));
    return row;
  }));
}

function draw(drawn) {
  if (!drawn) return;
  const shown = part("drawing");
  const picture = drawn.svg && new DOMParser().parseFromString(drawn.svg, "image/svg+xml");
  shown.replaceChildren(picture ? document.importNode(picture.documentElement, true) : element("p", drawn.failed));
  shown.classList.remove("old");
  shown.hidden = false;
}

function element(name, words, kind = "") {
  const made = document.createElement(name);
  made.textContent = words;
  made.className = kind;
  return made;
}

function faultOf(fault, place) {
  const shown = element("button", "", `fault ${fault.severity}`);
  shown.type = "button";
  shown.append(element("pre", fault.text));
  shown.addEventListener("click", () => {
    if (fault.start === undefined) return;
    text.focus();
    text.setSelectionRange(place(fault.start), place(fault.end));
  });
  return shown;
}

// Python counts characters, a page the halves of those beyond the first 65,536.
function places(words) {
  if (!/[\ud800-\udfff]/.test(words)) return (index) => index;
  const starts = [0];
  for (const character of words) starts.push(starts[starts.length - 1] + character.length);
  return (index) => starts[index];
}

function colour(found, place) {
  if (!CSS.highlights) return;
  CSS.highlights.clear();
  const spans = found.faults.filter((fault) => "start" in fault).map((fault) => [fault.start, fault.end, fault.severity]);
  for (const [start, end, name] of [...found.colours, ...spans]) {
    const range = document.createRange();
    range.setStart(behind, Math.min(place(start), behind.length));
    range.setEnd(behind, Math.min(Math.max(place(end), place(start) + 1), behind.length));
    if (!CSS.highlights.has(name)) CSS.highlights.set(name, new Highlight());
    CSS.highlights.get(name).add(range);
  }
}

// Only what differs is replaced, so that colours stay with the words around it.
function repaint() {
  const [old, now] = [behind.data, text.value];
  let start = 0, end = 0;
  const most = Math.min(old.length, now.length);
  while (start < most && old[start] === now[start]) start += 1;
  while (end < most - start && old[old.length - 1 - end] === now[now.length - 1 - end]) end += 1;
  behind.replaceData(start, old.length - end - start, now.slice(start, now.length - end));
  scrolled();
}

function scrolled() {
  const { scrollTop, scrollLeft } = text;
  Object.assign(part("coloured"), { scrollTop, scrollLeft });
}

// As if it were typed, so that it can be undone.
function replace(words) {
  text.focus();
  text.select();
  if (!document.execCommand("insertText", false, words)) text.value = words;
  text.setSelectionRange(0, 0);
  written();
}

function written() {
  repaint();
  clearTimeout(typing);
  typing = setTimeout(look, PAUSE);
}

async function begin() {
  const spaces = await fetch("spaces.json").then((answer) => answer.json());
  part("spaces").append(...Object.keys(spaces).map((name) => new Option(name, name)));
  const linked = async () => {
    const found = await unpack(location.hash).catch((error) => say(error.message));
    const words = found ?? (text.value ? null : spaces.paper);
    if (words !== null && words !== text.value) { text.value = words; repaint(); look(); }
  };
  part("spaces").addEventListener("change", ({ target }) => {
    if (target.value) replace(spaces[target.value]);
    target.value = "";
  });
  addEventListener("hashchange", linked);
  await linked();
}

text.addEventListener("input", written);
text.addEventListener("scroll", scrolled);
part("format").addEventListener("click", () => ask({ tidy: true, text: text.value }));
part("link").addEventListener("click", async () => {
  history.replaceState(null, "", `#${await pack(text.value)}`);
  const copied = navigator.clipboard?.writeText(location.href);
  say(await copied?.then(() => "Copied", () => null) ?? "The address of this page is the link now");
});
start();
begin();
