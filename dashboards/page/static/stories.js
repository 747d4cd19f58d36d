// Stories: of the documents of one, a list shows the first, and the others behind a button.

import { get } from "./api.js";
import { el, link, write } from "./dom.js";
import { count, fully, moment } from "./format.js";

const MOST = 50; // documents of a story that are listed

/** Return the rows without those whose story is in the list already; `of` gives the document of a row. */
export function folded(rows, of = (row) => row) {
  const seen = new Set();
  return rows.filter((row) => {
    const { story_id: story } = of(row);
    if (!story) return true;
    if (seen.has(story)) return false;
    seen.add(story);
    return true;
  });
}

/** Make what a document's row says of its story: a button that lists the story's other documents. */
export function storyLine(document_) {
  const button = el("button", { type: "button", class: "quiet", "aria-expanded": "false" });
  const list = el("ol", { class: "story-documents", hidden: true });
  const line = el("div", { class: "story" }, button, list);
  button.addEventListener("click", () => {
    list.hidden = !list.hidden;
    button.setAttribute("aria-expanded", String(!list.hidden));
    if (!list.hidden) fill(list, line.dataset.story, document_.id);
  });
  show(line, document_);
  return line;
}

/** Bring the line of a row up to date; an open list stays open. */
export function updateStory(row, document_) {
  const line = row.querySelector(":scope > .story");
  const { story_id: story, story_size: size, id } = document_;
  if (line.dataset.story === (story || "") && line.dataset.size === String(size)) return;
  show(line, document_);
  if (!line.lastChild.hidden) fill(line.lastChild, story, id);
}

function show(line, { story_id: story, story_size: size, novelty }) {
  const others = (size || 1) - 1;
  Object.assign(line.dataset, { story: story || "", size });
  line.hidden = !others;
  write(line.firstChild, `+${others} more`);
  line.firstChild.title = `${count(others, "more document")} of this story; novelty ${novelty} of 100 when it came`;
}

async function fill(list, story, shown) {
  try {
    const { documents } = await get(`/api/stories/${story}`, { limit: MOST });
    list.replaceChildren(...documents.filter((row) => row.id !== shown).map(told));
  } catch (error) {
    list.replaceChildren(el("li", { class: "hint" }, `The story could not be loaded: ${error.message}.`));
  }
}

function told({ url, title, text, source, published_at: at }) {
  const facts = el("span", { class: "hint" }, " ", source, " ", el("time", { datetime: at, title: fully(at) }, moment(at)));
  return el("li", {}, link(url, title || text), facts);
}
