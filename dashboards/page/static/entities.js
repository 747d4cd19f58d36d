// The list of companies and other names: the most negative, those that change most, the most talked about; or what a search found.

import { get } from "./api.js";
import { $, el, reconcile, write } from "./dom.js";
import { fillRow, newRow } from "./entity_rows.js";
import { updateUrl, urlState } from "./url_state.js";

const ROWS = 12; // panels.css keeps room for as many
const TYPING_MS = 300;
const KINDS = {
  companies: ["company", "organisation"], sectors: ["sector"], industries: ["industry"], countries: ["country", "central_bank"],
  people: ["person"], all: [],
};

const body = $("entities");
const field = $("entity-search").elements.namedItem("q");
let response = { entities: [] };
let chosen = () => {};
let alerts = new Map();
let moved = false; // the order has changed while the reader was about to click
let asked = "";

const text = () => field.value.trim().slice(0, 200);

/** Load the list again; return its first entity, or null. */
export async function loadEntities() {
  const q = text();
  const wanted = { order: urlState.order, hours: urlState.hours, kind: q ? [] : KINDS[urlState.names], limit: ROWS, q };
  const found = await get("/api/entities", wanted);
  if (q !== text()) return null; // another search is on its way
  const same = asked === JSON.stringify(wanted);
  asked = JSON.stringify(wanted);
  response = found;
  draw(same);
  return found.entities[0]?.entity ?? null;
}

/** Show which of the listed have an open alert: a map from entity to severity. */
export function showEntityAlerts(open) {
  alerts = open;
  draw(true);
}

/** Mark the entity that is shown. */
export function markEntity(shown) {
  for (const row of body.children) row.querySelector("button").setAttribute("aria-pressed", String(row.dataset.key === shown));
  body.dataset.shown = shown;
}

const pointer = matchMedia("(hover: hover)"); // after a tap, a row stays "hovered" for as long as nothing else is tapped
const inUse = () => (pointer.matches && body.matches(":hover")) || body.querySelector(":focus-visible") !== null;

/** Draw the list. `calm`: no row moves while the reader is about to click one; the order follows afterwards. */
function draw(calm) {
  const rows = response.entities;
  moved = calm && inUse();
  const listed = moved ? [...body.children].map((node) => rows.find((row) => row.entity === node.dataset.key)).filter(Boolean) : rows;
  if (moved) {
    for (const row of listed) fill([...body.children].find((node) => node.dataset.key === row.entity), row);
  } else {
    reconcile(body, rows, { key: (row) => row.entity, create: (row) => newRow(row, chosen), update: fill });
  }
  write($("entities-note"), noteOf(rows));
  markEntity(body.dataset.shown || "");
}

const fill = (node, row) => fillRow(node, row, alerts.has(row.entity));

function settle() {
  if (moved && !inUse()) draw(false);
}

function noteOf(rows) {
  if (rows.length) return "";
  if (text()) return "No document names this.";
  if (["sectors", "industries"].includes(urlState.names)) return "No document of these hours names a company whose sector is known.";
  return "No document of these hours names one. Documents that were stored by an older version are read by `squall entities backfill`.";
}

/** Attach the event handlers; `changed()` loads the list again, `choose(entity)` shows one. */
export function startEntities(changed, choose) {
  chosen = choose;
  for (const button of document.querySelectorAll("#order input")) {
    button.checked = button.value === urlState.order;
    button.addEventListener("change", () => {
      updateUrl({ order: button.value });
      changed();
    });
  }
  $("entity-names").value = urlState.names;
  $("entity-names").addEventListener("change", () => {
    updateUrl({ names: $("entity-names").value });
    changed();
  });
  let typing = null;
  field.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(changed, TYPING_MS);
  });
  $("entity-search").addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    changed();
  });
  body.addEventListener("pointerleave", settle);
  body.addEventListener("focusout", () => setTimeout(settle));
}
