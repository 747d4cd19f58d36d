// The stream of the newest documents, or the gravest of the time range.
// New documents appear on top while the reader is at the top; otherwise they wait behind a button.

import { get } from "./api.js";
import { gravestFirst, orderAsked } from "./document_order.js";
import { $, el, link, reconcile, write } from "./dom.js";
import { count, fully, moment, signed, whole } from "./format.js";
import { eventChips, severityChip } from "./gravity.js";
import { marked, nameChips, textFrom } from "./name_chips.js";
import { folded, storyLine, updateStory } from "./stories.js";
import { urlState } from "./url_state.js";
import { newestVersions, versionsLine } from "./versions.js";

const PAGE = 50;
const MAX_ROWS = 300; // in the list; older ones are loaded page by page
const MAX_WAITING = 200;
const PER_FRAME = 20; // rows added per animation frame
const TOP_PX = 8;
const UNSCORED = "The model does not know the language of this document: it counts nowhere.";
const UNDATED = "The source gave no time that can be read: this is when the document was collected. The detector does not count it.";

const rows = $("rows");
const list = $("documents");
let shown = []; // documents in the list, newest first
let waiting = []; // received, not shown yet; oldest first
let missed = 0; // received and dropped from `waiting`: the button loads them
let next = null; // the position of the next page; null on the last one
let pagedBack = false; // the list starts with older documents, because the reader has paged far back
let paused = false;
let frame = 0;
let generation = 0;
let received = 0;
let skipped = 0;

const gravest = () => gravestFirst("sort");

/** What to ask the server for: the filters and the order. */
const asked = () => ({ limit: PAGE, ...urlState.filters, ...orderAsked("sort") });

/** Whether `row` stands before `other` in the order that is shown. */
function before(row, other) {
  if (gravest() && row.severity !== other.severity) return row.severity > other.severity;
  return row.published_at > other.published_at;
}

/** Return whether a document matches the filters. The text is an excerpt: words beyond it are found by a search on the server. */
function matches(document_, filters) {
  const words = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
  const text = words.length ? `${document_.title}\n${document_.text}`.toLowerCase() : "";
  return ["topic", "sentiment", "source", "kind", "language"].every((name) => !filters[name] || document_[name] === filters[name])
    && (!filters.sentiment || document_.scored)
    && (!gravest() || (document_.severity ?? null) !== null)
    && (!filters.event || document_.events.some((event) => event.name === filters.event))
    && (!filters.symbol || document_.symbols.includes(filters.symbol))
    && words.every((word) => text.includes(word));
}

/**
 * Make the row of a document; also used for the documents behind an alert, and for those of a company: `towards` has the tone towards it,
 * how grave it is for it, and what happened to it.
 */
export function documentRow(document_, towards = document_) {
  const { title, text, url, topic, source, symbols, kind, language, entities } = document_;
  const { score } = towards;
  const sentiment = document_.scored ? towards.sentiment : "unscored";
  const at = document_.published_at;
  const facts = [source, kind, language === "und" ? "" : language].filter(Boolean).join(" · ");
  const named = symbols.map((name) => `$${name}`).join(" ");
  return el(
    "li", { class: `document ${sentiment}` },
    el("p", { class: "facts" },
      document_.scored
        ? el("span", { class: `chip ${sentiment}` }, sentiment)
        : el("span", { class: "chip unscored", title: UNSCORED }, "not scored"),
      document_.scored ? el("span", { class: "score" }, signed(score)) : null,
      severityChip(towards),
      ...eventChips(towards),
      el("time", { datetime: at, title: fully(at) }, moment(at)),
      document_.undated ? el("span", { class: "chip undated", title: UNDATED }, "undated") : null,
      el("span", { class: "topic" }, topic)),
    el("p", { class: "title" }, link(url, marked(title || text, entities))),
    title && text && !title.startsWith(text) ? el("p", { class: "text" }, ...marked(text, entities, textFrom(document_))) : null,
    nameChips(entities),
    el("p", { class: "facts" }, el("span", { class: "source" }, facts), named ? el("span", { class: "symbols" }, named) : null),
    versionsLine(document_),
    storyLine(document_),
  );
}

/** Return whether the reader is at the top. The list scrolls on its own beside the charts, and with the page on a narrow screen. */
function atTop() {
  if (rows.scrollHeight > rows.clientHeight + 1 || getComputedStyle(rows).overflowY === "auto") return rows.scrollTop < TOP_PX;
  return rows.getBoundingClientRect().top > -TOP_PX;
}

const onHold = () => paused || pagedBack || !atTop() || list.contains(document.activeElement);

/** Receive a `documents` event: newest first, and how many were omitted. */
export function receive({ documents, skipped: more = 0 }) {
  const known = new Set([...shown, ...waiting].map((row) => row.id));
  const fresh = documents.filter((row) => !known.has(row.id) && matches(row, urlState.filters));
  received += documents.length + more;
  skipped += more;
  waiting.push(...fresh.reverse());
  if (waiting.length > MAX_WAITING) missed += waiting.splice(0, waiting.length - MAX_WAITING).length;
  schedule();
}

function schedule() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    if (waiting.length && !onHold()) showSome();
    showCounts();
  });
}

/** The position after this document, as the API writes it. */
const position = (document_) => `${document_.published_at},${document_.id}`;

function showSome() {
  if (missed) {
    load().catch(() => {}); // there is a gap between what waits and what is shown; `load` reports its own errors
    return;
  }
  for (const document_ of waiting.splice(0, PER_FRAME)) {
    const at = shown.findIndex((row) => !before(row, document_));
    if (at >= 0) shown.splice(at, 0, document_);
    else if (next === null) shown.push(document_); // otherwise it is older than what is shown, and a later page has it
  }
  if (shown.length > MAX_ROWS) {
    shown.length = MAX_ROWS;
    next = gravest() ? null : position(shown.at(-1));
  }
  draw();
  if (waiting.length) schedule();
}

function draw() {
  reconcile(list, folded(newestVersions(shown)), { key: (row) => row.id, create: (row) => documentRow(row), update: updateStory });
  $("older").hidden = next === null;
}

function showCounts() {
  const number = waiting.length + missed;
  $("newer").hidden = !(pagedBack || (number && onHold()));
  write($("newer"), pagedBack ? `Back to the newest${number ? ` (${count(number, "new document")})` : ""}` : count(number, "new document"));
  write($("received"), `${whole(received)} received${skipped ? `, ${whole(skipped)} of them not listed` : ""}`);
}

function note(text) {
  write($("documents-note"), text);
}

/** Load the first documents that match the filters. */
export async function load() {
  const mine = ++generation;
  const filtered = Object.values(urlState.filters).some(Boolean);
  try {
    const response = await get("/api/documents", asked());
    if (mine !== generation) return;
    shown = response.documents;
    next = response.next;
    [waiting, missed, pagedBack] = [[], 0, false];
    draw();
    showCounts();
    const empty = gravest() ? "No document of this time range has a severity and matches." : "No documents match these filters.";
    note(shown.length ? "" : gravest() || filtered ? empty : "No documents yet.");
  } catch (error) {
    if (mine === generation) note(`The documents could not be loaded: ${error.message}.`);
    throw error;
  }
}

/** Whether documents of the first page are in no story yet. */
export const storiesPending = () => shown.slice(0, PAGE).some((row) => !row.story_id);

/** Load documents that no event reported, and their stories. `lost`: the connection was lost, so that more than a page may be missing. */
export async function catchUp(lost) {
  const mine = generation;
  const response = await get("/api/documents", asked());
  if (mine !== generation) return;
  const now = new Map(response.documents.map((row) => [row.id, row]));
  [shown, waiting] = [shown, waiting].map((rows_) => rows_.map((row) => now.get(row.id) || row)); // stories come after their documents
  const known = new Set([...shown, ...waiting].map((row) => row.id));
  const gap = !gravest() && response.documents.length === PAGE && !response.documents.some((row) => known.has(row.id));
  if (lost && gap) missed += 1;
  waiting.push(...response.documents.filter((row) => !known.has(row.id)).reverse());
  if (!gravest() && next === null && response.next !== null && shown.length) next = position(shown.at(-1));
  draw();
  schedule();
}

async function older() {
  const mine = ++generation;
  $("older").disabled = true;
  try {
    const response = await get("/api/documents", { limit: PAGE, before: next, ...urlState.filters });
    if (mine !== generation) return;
    const known = new Set(shown.map((row) => row.id));
    const more = response.documents.filter((row) => !known.has(row.id));
    next = response.next;
    pagedBack ||= shown.length + more.length > MAX_ROWS;
    const full = shown.length + more.length > MAX_ROWS;
    shown = full ? more : [...shown, ...more];
    draw();
    if (full) toTop();
    showCounts();
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
  if (pagedBack || missed) await load().catch(() => {});
  else while (waiting.length && !missed) showSome();
  showCounts();
}

/** Attach the event handlers. */
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
