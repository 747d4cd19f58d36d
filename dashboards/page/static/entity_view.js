// One company or group: what it is called and belongs to, its tone over time, what is usual for it, and its documents or members.

import { get } from "./api.js";
import { gravestFirst, orderAsked, startOrder } from "./document_order.js";
import { $, reconcile, write } from "./dom.js";
import { documentRow } from "./documents.js";
import { fillRow, newRow } from "./entity_rows.js";
import { count, moment, percent, signed, some, whole } from "./format.js";
import { nodeChip } from "./name_chips.js";
import { folded, updateStory } from "./stories.js";
import { urlState } from "./url_state.js";

const PAGE = 20;
const MEMBERS = 50;
const MAX_ROWS = 200;
const chart = import("./entity_chart.js"); // with the charting library, which is a megabyte

let shown = "";
let summed = false; // shown are its members, added up
let chosen = () => {};
let documents = [];
let next = null;
let gravest = false; // the documents are the gravest of the time range
let listing = 0; // counts the lists of documents: pages of another one are too late

const path = (entity) => `/api/entities/${encodeURIComponent(entity)}`;

/** Sectors, industries and the market have no documents of their own. */
const isGroup = (entity) => entity === "market" || /^(sector|industry):/.test(entity);

/** Load and show `entity`, "" for none; with `members` what belongs to it, added up. A later call wins. */
export async function showEntity(entity, members = false) {
  const sums = members || isGroup(entity);
  const other = entity !== shown || sums !== summed;
  [shown, summed] = [entity, sums];
  const stale = () => entity !== shown || sums !== summed;
  $("entity-view").hidden = !entity;
  $("entity-documents").hidden = !entity || sums;
  $("entity-members").hidden = !entity || !sums;
  if (!entity) return;
  if (other) clear();
  if (other || gravest !== gravestFirst("entitySort")) clearDocuments();
  try {
    const [found, page] = await Promise.all([
      get(path(entity), sums ? { hours: urlState.hours, members: "true", limit: MEMBERS } : { hours: urlState.hours }),
      sums ? null : get(`${path(entity)}/documents`, { limit: PAGE, ...orderAsked("entitySort") }),
    ]);
    if (stale()) return;
    describe(found);
    if (sums) showMembers(found);
    else showDocuments(page);
    const { drawEntity } = await chart;
    if (stale()) return;
    drawEntity(found);
    $("entity-chart").classList.remove("blank");
  } catch (error) {
    if (error.status !== 404) throw error;
    if (!stale()) write($("entity-reading"), sums ? `Nothing is known to belong to ${entity}.` : `No stored document names ${entity}.`);
  }
}

/** Nothing of the one before stays on the page while the next is loaded. */
function clear() {
  write($("entity-title"), shown.slice(shown.indexOf(":") + 1));
  write($("entity-symbols"), "");
  write($("entity-reading"), "");
  write($("members-note"), "");
  for (const part of ["entity-above", "entity-rows", "member-rows"]) $(part).replaceChildren();
  $("entity-chart").classList.add("blank");
}

/** The rows stay on the page until those of the other order are there. */
function clearDocuments() {
  listing += 1;
  gravest = gravestFirst("entitySort");
  [documents, next] = [[], null];
  write($("entity-documents-note"), "");
  $("entity-older").hidden = true;
}

function describe(found) {
  const { totals } = found;
  write($("entity-title"), totals.name);
  write($("entity-symbols"), summed ? whatOf(totals) : totals.symbols.slice(0, 4).join(" · "));
  $("entity-symbols").title = totals.entity;
  showPlace(found);
  write($("entity-reading"), [counted(found), expected(found)].join(" "));
}

const SUMS = { market: "all sectors", sector: "sector", industry: "industry", country: "its companies" };
const whatOf = ({ kind }) => SUMS[kind] || "with what it owns";

/** What it belongs to and what belongs to it, each a way there. */
function showPlace({ totals: { entity, kind, name }, belongs_to: above, members_known: known }) {
  const chips = above.map((node) => nodeChip(node.entity, node.name, `${name} belongs to: ${node.name} (${node.kind.replace("_", " ")})`));
  const below = kind === "country" ? `its companies (${whole(known)})` : `with what it owns (${whole(known - 1)})`;
  if (!isGroup(entity) && summed) chips.unshift(nodeChip(entity, `${name} alone`, "Documents that name it"));
  else if (!isGroup(entity) && known) chips.unshift(nodeChip(entity, below, "The tone towards all of them together", true));
  reconcile($("entity-above"), chips, { key: (chip) => `${chip.dataset.entity} ${chip.title}`, create: (chip) => chip });
}

function counted({ totals, members_named: named, members_known: known, last_published_at: last }) {
  const { documents: number, negative, negative_share: share, mean_score: tone } = totals;
  const before = last ? ` the last was published ${moment(last)} UTC.` : " nor before.";
  if (!number) return `No document in these hours${last ? ";" : ","}${before}`;
  const tones = `${whole(negative)} negative (${percent(share)}), tone ${signed(tone)}.`;
  if (!summed) return `${count(number, "document")}, ${tones}`;
  return `${whole(named)} of ${whole(known)} are named, ${count(number, "time")}; ${tones}`;
}

function expected({ points, history, window_minutes: minutes }) {
  const at = points.time.length - 1;
  if (at >= 0) {
    const ending = `in the ${minutes} minutes to ${moment(points.time[at])} UTC`;
    return `${whole(points.observed[at])} negative ${ending}; ${some(points.expected[at])} expected.`;
  }
  if (history) return `Usual: the same times of day in ${history.days} days before, weekdays and weekends apart.`;
  const why = summed ? "Less than a week of history" : "Not watched by the detector, and less than a week of history";
  return `${why}: there is no expected range yet.`;
}

/** Show the most negative members, each a way to its own view. */
function showMembers({ members, members_named: named }) {
  reconcile($("member-rows"), members, {
    key: (row) => row.entity,
    create: (row) => newRow(row, chosen),
    update: (node, row) => fillRow(node, row),
  });
  const rest = named - members.length;
  const more = rest > 0 ? `And ${whole(rest)} more that are named. ` : "";
  write($("members-note"), `${more}Above, a document that names two of them counts for each.`);
}

/** Show the newest page, where older ones that the reader has loaded stay, or the gravest. */
function showDocuments(page) {
  const known = new Set(page.documents.map((row) => row.document.id));
  const older = gravest ? [] : documents.filter((row) => !known.has(row.document.id));
  documents = [...page.documents, ...older].slice(0, MAX_ROWS);
  if (!older.length) next = page.next;
  write($("entity-documents-note"), gravest && !documents.length ? "No document of this time range has a severity." : "");
  drawDocuments();
}

function drawDocuments() {
  reconcile($("entity-rows"), folded(documents, (row) => row.document), {
    key: (row) => row.document.id,
    create: (row) => documentRow(row.document, row),
    update: (node, row) => updateStory(node, row.document),
  });
  $("entity-older").hidden = next === null || documents.length >= MAX_ROWS;
}

async function older() {
  const mine = listing;
  $("entity-older").disabled = true;
  try {
    const page = await get(`${path(shown)}/documents`, { limit: PAGE, before: next });
    if (mine !== listing) return;
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

/** Attach the event handlers; `choose(entity)` shows a member, `changed()` shows the same entity again. */
export function startEntityView(choose, changed) {
  chosen = choose;
  startOrder($("entity-sort"), "entitySort", changed);
  $("entity-older").addEventListener("click", older);
}
