// The stream of newest documents. New ones come in on top while the reader is there; else they wait behind a button.

import { get } from "./api.js";
import { $, el, link, reconcile, write } from "./dom.js";
import { count, fully, moment, signed, whole } from "./format.js";
import { place } from "./place.js";

const PAGE = 50;
const MAX_ROWS = 300; // in the page; older ones are a page away
const MAX_WAITING = 200;
const PER_FRAME = 20; // rows made between two frames
const TOP_PX = 8;

const rows = $("rows");
const list = $("documents");
let shown = []; // documents in the list, newest first
let waiting = []; // arrived, not shown yet; oldest first
let missed = 0; // arrived and dropped from `waiting`: the button loads them
let next = null; // where older ones start; null: there are none
let away = false; // the list starts with older ones, for the reader has paged far back
let paused = false;
let frame = 0;
let generation = 0;
let received = 0;
let skipped = 0;

/** Say whether a document passes the filters. The text is an excerpt: a word beyond it is found by asking the server. */
function passes(document_, filters) {
  const words = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
  const text = words.length ? `${document_.title}\n${document_.text}`.toLowerCase() : "";
  return ["topic", "sentiment", "source", "kind", "language"].every((name) => !filters[name] || document_[name] === filters[name])
    && (!filters.symbol || document_.symbols.includes(filters.symbol))
    && words.every((word) => text.includes(word));
}

/** Make the row of a document, also used for what drove an alert. */
export function documentRow(document_) {
  const { title, text, url, sentiment, topic, score, source, symbols, kind, language } = document_;
  const at = document_.published_at;
  const facts = [source, kind, language === "und" ? "" : language].filter(Boolean).join(" · ");
  const named = symbols.map((name) => `$${name}`).join(" ");
  return el(
    "li", { class: `document ${sentiment}` },
    el("p", { class: "facts" },
      el("span", { class: `chip ${sentiment}` }, sentiment),
      el("span", { class: "score" }, signed(score)),
      el("time", { datetime: at, title: fully(at) }, moment(at)),
      el("span", { class: "topic" }, topic)),
    el("p", { class: "title" }, link(url, title || text)),
    title && text && !title.startsWith(text) ? el("p", { class: "text" }, text) : null,
    el("p", { class: "facts" }, el("span", { class: "source" }, facts), named ? el("span", { class: "symbols" }, named) : null),
  );
}

/** Where the reader is: rows scroll by themselves beside the charts, and with the page on a narrow screen. */
function atTop() {
  if (rows.scrollHeight > rows.clientHeight + 1 || getComputedStyle(rows).overflowY === "auto") return rows.scrollTop < TOP_PX;
  return rows.getBoundingClientRect().top > -TOP_PX;
}

const held = () => paused || away || !atTop() || list.contains(document.activeElement);

/** Take in what the server sent: `documents` newest first, and how many more there were. */
export function receive({ documents, skipped: more = 0 }) {
  const known = new Set([...shown, ...waiting].map((row) => row.id));
  const fresh = documents.filter((row) => !known.has(row.id) && passes(row, place.filters));
  received += documents.length + more;
  skipped += more;
  waiting.push(...fresh.reverse());
  if (waiting.length > MAX_WAITING) missed += waiting.splice(0, waiting.length - MAX_WAITING).length;
  schedule();
}

function schedule() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    if (waiting.length && !held()) takeSome();
    tell();
  });
}

/** Where documents older than this one start, as the API writes it. */
const position = (document_) => `${document_.published_at},${document_.id}`;

function takeSome() {
  if (missed) {
    load().catch(() => {}); // there is a gap between what waits and what is shown; `load` says what went wrong
    return;
  }
  for (const document_ of waiting.splice(0, PER_FRAME)) {
    const at = shown.findIndex((row) => row.published_at <= document_.published_at);
    if (at >= 0) shown.splice(at, 0, document_);
    else if (next === null) shown.push(document_); // else it is further back than what is shown: it comes with the older ones
  }
  if (shown.length > MAX_ROWS) {
    shown.length = MAX_ROWS;
    next = position(shown.at(-1));
  }
  draw();
  if (waiting.length) schedule();
}

function draw() {
  reconcile(list, shown, { key: (row) => row.id, create: documentRow });
  $("older").hidden = next === null;
}

function tell() {
  const number = waiting.length + missed;
  $("newer").hidden = !(away || (number && held()));
  write($("newer"), away ? `Back to the newest${number ? ` (${count(number, "new document")})` : ""}` : count(number, "new document"));
  write($("received"), `${whole(received)} since opened${skipped ? `, ${whole(skipped)} of them too many to list` : ""}`);
}

function note(text) {
  write($("documents-note"), text);
}

/** Load the newest documents that pass the filters. */
export async function load() {
  const mine = ++generation;
  const filtered = Object.values(place.filters).some(Boolean);
  try {
    const answer = await get("/api/documents", { limit: PAGE, ...place.filters });
    if (mine !== generation) return;
    shown = answer.documents;
    next = answer.next;
    [waiting, missed, away] = [[], 0, false];
    draw();
    tell();
    note(shown.length ? "" : filtered ? "No document matches these filters." : "No documents yet.");
  } catch (error) {
    if (mine === generation) note(`The documents could not be loaded: ${error.message}.`);
    throw error;
  }
}

/** Load what no event told of, as if it had arrived now; `lost`: there was no connection, and more than a page may be missing. */
export async function catchUp(lost) {
  const mine = generation;
  const answer = await get("/api/documents", { limit: PAGE, ...place.filters });
  if (mine !== generation) return;
  const known = new Set([...shown, ...waiting].map((row) => row.id));
  const gap = answer.documents.length === PAGE && !answer.documents.some((row) => known.has(row.id));
  if (lost && gap) missed += 1;
  waiting.push(...answer.documents.filter((row) => !known.has(row.id)).reverse());
  if (next === null && answer.next !== null && shown.length) next = position(shown.at(-1));
  draw();
  schedule();
}

async function older() {
  const mine = ++generation;
  $("older").disabled = true;
  try {
    const answer = await get("/api/documents", { limit: PAGE, before: next, ...place.filters });
    if (mine !== generation) return;
    const known = new Set(shown.map((row) => row.id));
    const more = answer.documents.filter((row) => !known.has(row.id));
    next = answer.next;
    away ||= shown.length + more.length > MAX_ROWS;
    const full = shown.length + more.length > MAX_ROWS;
    shown = full ? more : [...shown, ...more];
    draw();
    if (full) toTop();
    tell();
  } catch (error) {
    note(`Older documents could not be loaded: ${error.message}.`);
  } finally {
    $("older").disabled = false;
  }
}

function toTop() {
  rows.scrollTop = 0;
  if (rows.getBoundingClientRect().top < 0) $("documents-title").scrollIntoView();
}

async function newest() {
  if (list.contains(document.activeElement) || document.activeElement === $("newer")) rows.focus({ preventScroll: true });
  toTop();
  if (away || missed) await load().catch(() => {});
  else while (waiting.length && !missed) takeSome();
  tell();
}

/** Let the buttons of the stream work. */
export function start() {
  $("newer").addEventListener("click", newest);
  $("older").addEventListener("click", older);
  $("pause").addEventListener("click", () => {
    paused = !paused;
    $("pause").setAttribute("aria-pressed", String(paused));
    write($("pause"), paused ? "Paused" : "Pause");
    schedule();
  });
  for (const [target, event] of [[rows, "scroll"], [list, "focusout"], [window, "scroll"]]) {
    target.addEventListener(event, () => (waiting.length ? schedule() : null), { passive: true });
  }
}
