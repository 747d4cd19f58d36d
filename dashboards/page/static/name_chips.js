// The names that a document is about: chips with the tone towards each, and their places in the text.

import { el } from "./dom.js";
import { percent, signed } from "./format.js";

const MAX_CHIPS = 6;
const SIGNS = { negative: "▼", positive: "▲" };

/** The tone towards a name: the likeliest of the three. */
export function toneOf({ p_negative: negative, p_neutral: neutral, p_positive: positive }) {
  if (negative >= neutral && negative >= positive) return "negative";
  return neutral >= positive ? "neutral" : "positive";
}

function described(mention) {
  const { symbols, p_negative: negative, p_neutral: neutral, p_positive: positive, relevance } = mention;
  const tones = `negative ${percent(negative)}, neutral ${percent(neutral)}, positive ${percent(positive)}`;
  const happened = mention.events?.length ? `; ${mention.events.map((event) => event.label).join(", ")}` : "";
  return `${mention.name}${symbols.length ? ` (${symbols.join(", ")})` : ""}: ${tones}; relevance ${percent(relevance)}${happened}`;
}

function chip(mention) {
  const tone = toneOf(mention);
  const score = signed(mention.p_positive - mention.p_negative);
  return el(
    "button", { type: "button", class: `who ${tone}`, "data-entity": mention.entity, title: described(mention) },
    SIGNS[tone] ? el("span", { "aria-hidden": "true" }, SIGNS[tone]) : null,
    el("span", { class: "name" }, mention.name),
    el("span", { class: "visually-hidden" }, `, ${tone} ${score}`),
  );
}

/** Make the chips of a document, null if it names nobody. A click on one is handled by `onName`. */
export function nameChips(mentions = []) {
  if (!mentions.length) return null;
  const rest = mentions.slice(MAX_CHIPS);
  return el(
    "p", { class: "names-of" },
    ...mentions.slice(0, MAX_CHIPS).map(chip),
    rest.length ? el("span", { class: "hint", title: rest.map(described).join("\n") }, `+${rest.length}`) : null,
  );
}

/** Make a chip without a tone that shows `entity`, or with `members` what belongs to it. */
export function nodeChip(entity, text, title, members = false) {
  const attributes = { type: "button", class: "who", "data-entity": entity, "data-members": members, title };
  return el("button", attributes, el("span", { class: "name" }, text));
}

/** Call `chosen(entity, members)` when a chip anywhere on the page is activated. */
export function onName(chosen) {
  document.addEventListener("click", (event) => {
    const found = event.target.closest?.("button[data-entity]");
    if (found) chosen(found.dataset.entity, "members" in found.dataset);
  });
}

/** Return the parts of `text` with the names in it marked; `from` is where the text begins in what the places count from. */
export function marked(text, mentions = [], from = 0) {
  const characters = Array.from(text); // places count characters, not the units of JavaScript's strings
  const parts = [];
  let done = 0;
  for (const mention of mentions) {
    const [start, end] = [mention.start - from, mention.end - from];
    if (start < done || end > characters.length || end <= start) continue;
    parts.push(characters.slice(done, start).join(""), el("mark", { class: toneOf(mention) }, characters.slice(start, end).join("")));
    done = end;
  }
  return [...parts, characters.slice(done).join("")].filter((part) => part !== "");
}

/** Where a document's text begins in what places count from: the title, ". " and the text; only the text if it repeats the title. */
export const textFrom = ({ title, text }) => (!title || text.startsWith(title) ? 0 : Array.from(title).length + 2);
