// Alerts: open alerts, past alerts. A card keeps its element while it is listed, so that an update closes nothing in it and
// moves neither typed text nor the focus.

import { acknowledgeForm } from "./alert_forms.js";
import { get } from "./api.js";
import { $, el, link, reconcile, write } from "./dom.js";
import { documentRow } from "./documents.js";
import { count, fully, moment, percent, some, whole } from "./format.js";
import { eventChips, severityChip } from "./gravity.js";
import { showSilences, silenceForm } from "./silences.js";
import { urlState } from "./url_state.js";

const PAST = 8; // past alerts that are shown at first
const cards = new Map(); // id → the parts of its card that are updated
let shownPast = PAST;
let response = { alerts: [] };
let handlers = { changed: () => {}, select: () => {}, selectEntity: () => {} };

const isOpen = (alert) => alert.state !== "resolved";
const isName = (alert) => alert.kind === "entity";
const tone = (alert) => (isName(alert) ? "adverse" : "negative"); // what is counted
const minutes = (alert) => Math.round((new Date(alert.window_end) - new Date(alert.window_start)) / 60000);

function counts(alert) {
  if (alert.test === "no data") return `${whole(alert.observed)} documents in ${minutes(alert)} min, ${some(alert.expected)} expected`;
  if (alert.test === "flash") return "one document was enough";
  const interval = alert.expected_high > 0 ? ` (90%: ${some(alert.expected_low)} to ${some(alert.expected_high)})` : "";
  return `${whole(alert.observed)} ${tone(alert)} in ${minutes(alert)} min, ${some(alert.expected)} expected${interval}`;
}

const share = (alert) => {
  if (alert.test === "no data" || isName(alert)) return "";
  return `negative share ${percent(alert.negative_share)}, ${percent(alert.expected_share)} expected`;
};

/** What is so now: the last numbers, the peak, and everything since it began; empty where they were not counted. */
function current(alert) {
  if (!alert.current_minutes) return "";
  const { current: now, current_total: total, current_minutes: width, current_expected: expected, trend } = alert;
  const usual = isName(alert) ? "" : `, ${some(expected)} expected`;
  const numbers = `${whole(now)} ${tone(alert)} of ${whole(total)} in ${width} min${usual}${trend ? `, ${trend}` : ""}`;
  const peak = `peak ${whole(alert.peak)}${alert.peaked_at ? ` at ${moment(alert.peaked_at)}` : ""}`;
  return `${isOpen(alert) ? "Now" : "At the end"}: ${numbers}; ${peak}; `
    + `${count(alert.documents_so_far, `${tone(alert)} document`)}${alert.since ? ` since ${moment(alert.since)} UTC` : ""}`;
}

const limit = (alert) => (alert.limit ? `alert from ${whole(alert.limit)}` : "");

function when(alert) {
  const since = alert.fired_at || alert.opened_at;
  return alert.resolved_at ? `${moment(since)} – ${moment(alert.resolved_at)} UTC` : `since ${moment(since)} UTC`;
}

function tags(alert) {
  const made = [];
  if (alert.acknowledged) {
    const { author, note, at } = alert.acknowledged;
    made.push(el("span", { class: "tag", title: `${fully(at)}${note ? `: ${note}` : ""}` }, `acknowledged by ${author}`));
  }
  if (alert.silenced_until) made.push(el("span", { class: "tag" }, `silenced until ${moment(alert.silenced_until)} UTC`));
  return made;
}

function acknowledgement({ acknowledged }) {
  if (!acknowledged) return "";
  const { author, note, at } = acknowledged;
  return `Acknowledged by ${author}, ${fully(at)}${note ? `: ${note}` : "."}`;
}

function notificationText({ receiver, event, status, updated_at: at, last_error: error }) {
  return `${receiver}: ${event}, ${status} ${fully(at)}${error && status !== "sent" ? ` (${error})` : ""}`;
}

function newCard(alert) {
  const parts = {
    alert,
    chip: el("span", { class: "chip" }),
    tags: el("span", { class: "tags" }),
    name: el("strong", {}, alert.topic),
    driver: el("p", { class: "counts driver" }),
    current: el("p", { class: "counts" }),
    counts: el("p", { class: "counts" }),
    when: el("span", { class: "when" }),
    note: el("p", { class: "note" }),
    explanation: el("div", { class: "explanation" }),
    times: el("dl", { class: "times" }),
    happened: el("p", { class: "facts" }),
    leads: el("p", {}),
    stories: el("ol", { class: "stories" }),
    documents: el("ol", { class: "alert-documents" }),
    notifications: el("ul", { class: "notifications" }),
    problem: el("p", { class: "problem", role: "alert" }),
    tagTexts: "",
  };
  const details = el("div", { class: "details", id: `details-${alert.id}`, hidden: true });
  const attributes = { type: "button", class: "toggle", "aria-expanded": "false", "aria-controls": details.id };
  const toggle = el("button", attributes, parts.name);
  const done = (sentence) => {
    write($("announcement"), sentence);
    handlers.changed();
  };
  const acknowledge = acknowledgeForm(alert, done);
  const silence = silenceForm(alert, done);
  const what = isName(alert) ? "Show this name" : "Show in chart";
  const chart = el("button", { type: "button", class: "quiet", hidden: alert.kind === "source" }, what);
  chart.addEventListener("click", () => (isName(alert) ? handlers.selectEntity(alert.lead_entity) : handlers.select(alert.topic)));
  const address = el("a", { href: `?alert=${alert.id}#alerts-title` }, "Link to this alert");
  details.append(
    parts.note, el("div", { class: "buttons" }, acknowledge.opener, silence.opener, chart, address), acknowledge.form, silence.form,
    parts.happened, parts.leads, el("h3", { hidden: true }, "Stories"), parts.stories,
    el("h3", {}, "Why it was raised"), parts.times, parts.explanation, parts.problem,
    el("h3", { hidden: true }, "Documents behind this alert"), parts.documents,
    el("h3", { hidden: true }, "Notifications"), parts.notifications,
  );
  const show = (open) => {
    details.hidden = !open;
    toggle.setAttribute("aria-expanded", String(open));
    if (open) fill(parts);
  };
  toggle.addEventListener("click", () => show(details.hidden));
  parts.details = details;
  parts.show = show;
  parts.toggle = toggle;
  parts.acknowledge = acknowledge.opener;
  cards.set(alert.id, parts);
  const head = el("div", { class: "line" }, parts.chip, toggle, parts.tags, parts.when);
  return el("article", { class: "alert" }, head, parts.driver, parts.current, parts.counts, details);
}

function updateCard(node, alert) {
  const parts = cards.get(alert.id);
  const changed = JSON.stringify(parts.alert) !== JSON.stringify(alert);
  parts.alert = alert;
  node.dataset.state = alert.state;
  node.dataset.severity = alert.severity;
  parts.chip.className = `chip ${isOpen(alert) ? alert.severity : "resolved"}`;
  write(parts.chip, isOpen(alert) ? (alert.state === "pending" ? "pending" : alert.severity) : "resolved");
  write(parts.name, alert.lead && !isName(alert) ? `${alert.lead} (${alert.topic})` : alert.topic);
  write(parts.driver, [alert.driver, alert.happened].filter(Boolean).join(" – "));
  write(parts.current, current(alert));
  const judged = [counts(alert), limit(alert), share(alert)].filter(Boolean).join("; ");
  write(parts.counts, alert.current_minutes ? `Judged: ${judged}` : judged);
  write(parts.when, when(alert));
  write(parts.note, acknowledgement(alert));
  const wanted = tags(alert);
  const texts = wanted.map((tag) => tag.textContent).join();
  if (texts !== parts.tagTexts) parts.tags.replaceChildren(...wanted);
  parts.tagTexts = texts;
  if (changed && !parts.details.hidden) fill(parts);
}

async function fill(parts) {
  try {
    const { explanation, times, drivers, documents, notifications } = await get(`/api/alerts/${parts.alert.id}`);
    fillDrivers(parts, drivers);
    const time = ({ label, time: at }) => el("div", {}, el("dt", {}, label), el("dd", {}, at));
    reconcile(parts.times, times, { key: ({ label, time: at }) => label + at, create: time });
    reconcile(parts.explanation, explanation, { key: (sentence) => sentence, create: (sentence) => el("p", {}, sentence) });
    reconcile(parts.documents, documents, { key: (row) => row.id, create: (row) => documentRow(row) });
    parts.documents.previousElementSibling.hidden = !documents.length;
    const line = (row) => el("li", {}, notificationText(row));
    reconcile(parts.notifications, notifications, { key: (row) => row.id + row.updated_at, create: line });
    parts.notifications.previousElementSibling.hidden = !notifications.length;
    write(parts.problem, "");
  } catch (error) {
    write(parts.problem, `The details could not be loaded: ${error.message}`);
  }
}

function fillDrivers(parts, { leads, events, stories, story_count: all }) {
  const happened = events.map(({ label, documents }) => el("span", { class: "what" }, `${label} ${whole(documents)}`));
  parts.happened.replaceChildren(...happened);
  write(parts.leads, leads.length ? `Named: ${leads.map(({ name, documents }) => `${name} (${whole(documents)})`).join(", ")}` : "");
  const key = (story) => [story.id, story.documents, story.copies].join();
  reconcile(parts.stories, stories, { key, create: storyRow });
  const heading = parts.stories.previousElementSibling;
  heading.hidden = !stories.length;
  write(heading, all > stories.length ? `Stories (${whole(stories.length)} of ${whole(all)})` : "Stories");
}

function storyRow(story) {
  const { title, url, documents, copies, source, first_at: at } = story;
  const counted = `${count(documents, "document")}${copies ? `, ${whole(copies)} more ${copies === 1 ? "copy" : "copies"}` : ""}`;
  const facts = [counted, `${documents > 1 ? "first " : ""}${moment(at)} UTC`, source].filter(Boolean).join("; ");
  return el("li", {}, link(url, title || "(no title)"), " ", severityChip(story), ...eventChips(story), el("p", { class: "hint" }, facts));
}

let linked = urlState.alert; // of the address: opened once, when it is first drawn

/** Open the alert that the address names, and its form to acknowledge it if the address asks for that. */
export function openLinked() {
  const parts = linked && cards.get(linked);
  if (!parts || $("content").hidden) return;
  linked = "";
  if (parts.details.hidden) parts.show(true);
  parts.toggle.scrollIntoView({ block: "start" });
  parts.toggle.focus({ preventScroll: true });
  if (urlState.act === "acknowledge" && isOpen(parts.alert) && !parts.alert.acknowledged) parts.acknowledge.click();
}

/** Return the severity of the open alert of each series and entity that has one, for the marks in the tables. */
export function openAlerts() {
  const key = (alert) => (isName(alert) ? alert.lead_entity : alert.topic);
  return new Map(response.alerts.filter(isOpen).reverse().map((alert) => [key(alert), alert.severity]));
}

function draw() {
  const shape = { key: (alert) => alert.id, create: newCard, update: updateCard };
  const open = response.alerts.filter(isOpen);
  const past = response.alerts.filter((alert) => !isOpen(alert));
  shownPast = Math.max(shownPast, 1 + past.findIndex((alert) => alert.id === linked));
  // an alert that is resolved moves to the other list with its card
  for (const alert of past.slice(0, shownPast)) adopt(alert.id, $("alerts-past"));
  for (const alert of open) adopt(alert.id, $("alerts-open"));
  reconcile($("alerts-open"), open, shape);
  reconcile($("alerts-past"), past.slice(0, shownPast), shape);
  write($("alerts-count"), `${whole(open.length)} open, ${whole(past.length)} past`);
  $("past-more").hidden = past.length <= shownPast;
  write($("past-more"), `Show ${count(past.length - shownPast, "older alert")}`);
  const firing = open.filter((alert) => alert.state === "firing").length;
  $("open-alerts").hidden = !firing;
  write($("open-alerts"), count(firing, "open alert"));
  document.title = firing ? `(${firing}) Squall` : "Squall";
  for (const id of cards.keys()) if (!response.alerts.some((alert) => alert.id === id)) cards.delete(id);
}

function adopt(id, parent) {
  const details = cards.get(id)?.details;
  const card = details?.closest(".alert");
  if (!card || card.parentElement === parent) return;
  const focused = card.contains(document.activeElement) ? document.activeElement : null;
  parent.append(card);
  focused?.focus({ preventScroll: true });
}

/** Return the last alerts, and the one that the address names if it is older than they are. */
export async function listAlerts() {
  const listed = await get("/api/alerts", { limit: 200 });
  const { alert: id } = urlState;
  if (!id || listed.alerts.some((alert) => alert.id === id)) return listed;
  try {
    const { alert } = await get(`/api/alerts/${id}`);
    return { alerts: [...listed.alerts, alert] };
  } catch (error) {
    if (error.status !== 404) throw error;
    write($("announcement"), "The alert that the address names does not exist.");
    return listed;
  }
}

/** Draw the responses of /api/alerts and /api/silences. */
export function showAlerts(alerts, silences) {
  response = alerts;
  draw();
  openLinked();
  showSilences(silences, () => handlers.changed());
}

/** `changed()` is called when an alert or a silence was changed on this page, `select(series)` to show one in the chart. */
export function startAlerts(given) {
  handlers = given;
  $("past-more").addEventListener("click", () => {
    const first = shownPast;
    shownPast += 4 * PAST;
    draw();
    $("alerts-past").children[first]?.querySelector("button").focus();
  });
}
