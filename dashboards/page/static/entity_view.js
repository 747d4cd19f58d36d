// One company: what it is called, its tone over time, what is usual for it, and the documents that name it.

import { get } from "./api.js";
import { $, reconcile, write } from "./dom.js";
import { documentRow } from "./documents.js";
import { count, moment, percent, signed, some, whole } from "./format.js";
import { urlState } from "./url_state.js";

const PAGE = 20;
const MAX_ROWS = 200;
const chart = import("./entity_chart.js"); // with the charting library, which is a megabyte

let shown = "";
let documents = [];
let next = null;

const path = (entity) => `/api/entities/${encodeURIComponent(entity)}`;

/** Load and show `entity`, "" for none. A later call wins. */
export async function showEntity(entity) {
  const other = entity !== shown;
  shown = entity;
  $("entity-view").hidden = $("entity-documents").hidden = !entity;
  if (!entity) return;
  if (other) clear();
  try {
    const [found, page] = await Promise.all([
      get(path(entity), { hours: urlState.hours }),
      get(`${path(entity)}/documents`, { limit: PAGE }),
    ]);
    if (entity !== shown) return;
    describe(found);
    showDocuments(page, other);
    const { drawEntity } = await chart;
    if (entity !== shown) return;
    drawEntity(found);
    $("entity-chart").classList.remove("blank");
  } catch (error) {
    if (error.status !== 404) throw error;
    if (entity === shown) write($("entity-reading"), `No stored document names ${entity}.`);
  }
}

/** Nothing of the one before stays on the page while the next is loaded. */
function clear() {
  [documents, next] = [[], null];
  write($("entity-title"), shown.slice(shown.indexOf(":") + 1));
  write($("entity-symbols"), "");
  write($("entity-reading"), "");
  $("entity-rows").replaceChildren();
  $("entity-older").hidden = true;
  $("entity-chart").classList.add("blank");
}

function describe({ totals, points, history, window_minutes: minutes, last_published_at: last }) {
  write($("entity-title"), totals.name);
  write($("entity-symbols"), totals.symbols.slice(0, 4).join(" · "));
  $("entity-symbols").title = totals.entity;
  const { documents: number, negative, negative_share: share, mean_score: tone } = totals;
  const sentences = [number
    ? `${count(number, "document")}, ${whole(negative)} negative (${percent(share)}), tone ${signed(tone)}.`
    : `No document in these hours; the last was published ${moment(last)} UTC.`];
  const at = points.time.length - 1;
  if (at >= 0) {
    const ending = `in the ${minutes} minutes to ${moment(points.time[at])} UTC`;
    sentences.push(`${whole(points.observed[at])} negative ${ending}; ${some(points.expected[at])} expected.`);
  } else if (history) {
    sentences.push(`Usual: the same times of day in ${history.days} days before, weekdays and weekends apart.`);
  } else {
    sentences.push("Not watched by the detector, and less than a week of history: there is no expected range yet.");
  }
  write($("entity-reading"), sentences.join(" "));
}

/** Show the newest page; older ones that the reader has loaded stay. */
function showDocuments(page, other) {
  const known = new Set(page.documents.map((row) => row.document.id));
  const older = other ? [] : documents.filter((row) => !known.has(row.document.id));
  documents = [...page.documents, ...older].slice(0, MAX_ROWS);
  if (!older.length) next = page.next;
  drawDocuments();
}

function drawDocuments() {
  reconcile($("entity-rows"), documents, {
    key: (row) => row.document.id,
    create: (row) => documentRow(row.document, row),
  });
  $("entity-older").hidden = next === null || documents.length >= MAX_ROWS;
}

async function older() {
  const entity = shown;
  $("entity-older").disabled = true;
  try {
    const page = await get(`${path(entity)}/documents`, { limit: PAGE, before: next });
    if (entity !== shown) return;
    const known = new Set(documents.map((row) => row.document.id));
    documents = [...documents, ...page.documents.filter((row) => !known.has(row.document.id))];
    next = page.next;
    drawDocuments();
  } catch (error) {
    write($("entity-reading"), `Older documents could not be loaded: ${error.message}.`);
  } finally {
    $("entity-older").disabled = false;
  }
}

/** Attach the event handlers. */
export const startEntityView = () => $("entity-older").addEventListener("click", older);
