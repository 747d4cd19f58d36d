// Versions of documents whose title or text has changed: a list shows the newest, and the earlier ones behind a button.

import { get } from "./api.js";
import { el, link } from "./dom.js";
import { fully, moment, signed } from "./format.js";

const MOST = 50; // versions of a document that are listed

/** Return the rows without those of which a later version is among them. */
export function newestVersions(rows) {
  if (!rows.some((row) => row.revises)) return rows;
  const first = (row) => row.revises || row.id;
  const newest = new Map();
  for (const row of rows) {
    const known = newest.get(first(row));
    if (!known || row.published_at > known.published_at) newest.set(first(row), row);
  }
  return rows.filter((row) => newest.get(first(row)) === row);
}

/** Make what a document's row says of its earlier versions: a button that lists them; nothing for a first version. */
export function versionsLine({ id, revises }) {
  if (!revises) return null;
  const button = el("button", { type: "button", class: "quiet", "aria-expanded": "false" }, "Earlier versions");
  button.title = "Its title or text has changed since it was published";
  const list = el("ol", { class: "story-documents", hidden: true });
  button.addEventListener("click", () => {
    list.hidden = !list.hidden;
    button.setAttribute("aria-expanded", String(!list.hidden));
    if (!list.hidden) fill(list, id);
  });
  return el("div", { class: "versions" }, button, list);
}

async function fill(list, id) {
  try {
    const { documents } = await get(`/api/documents/${id}/versions`, { limit: MOST });
    list.replaceChildren(...documents.slice(documents.findIndex((row) => row.id === id) + 1).map(told));
  } catch (error) {
    list.replaceChildren(el("li", { class: "hint" }, `The earlier versions could not be loaded: ${error.message}.`));
  }
}

function told({ url, title, text, scored, sentiment, score, published_at: at }) {
  const time = el("time", { datetime: at, title: fully(at) }, moment(at));
  const facts = el("span", { class: "hint" }, scored ? ` ${sentiment} ${signed(score)} ` : " not scored ", time);
  return el("li", {}, link(url, title || text), facts);
}
