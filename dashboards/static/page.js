// The live page: asks the JSON API every two seconds and draws what it says.
// Text from documents is hostile: it goes in as text nodes, and links only when they are http or https.

const PAUSE_MS = 2000;
const TIMEOUT_MS = 15000;
const DOCUMENTS = 50;
const SENTIMENTS = ["negative", "neutral", "positive"];

const $ = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat("en");
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });

const drawn = new Map(); // section → the JSON it shows, so that nothing moves under the reader's cursor without need
const openAlerts = new Set();
let lastAnswer = null;

// ---- building elements

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null).map((child) => (child instanceof Node ? child : String(child))));
  return made;
}

function link(url, text) {
  let target = null;
  try {
    target = new URL(url);
  } catch {
    return element("span", "", text);
  }
  if (target.protocol !== "http:" && target.protocol !== "https:") return element("span", "", text);
  const made = element("a", "", text);
  made.href = target.href;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  return made;
}

const utc = (text) => `${text.slice(0, 10)} ${text.slice(11, 16)} UTC`;
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"]];
const rate = (value) => (value < 10 ? value.toFixed(1) : whole.format(Math.round(value)));

function duration(seconds) {
  const unit = UNITS.find(([length]) => seconds >= 2 * length);
  if (unit) return `${Math.round(seconds / unit[0])} ${unit[1]}`;
  return `${seconds.toFixed(seconds < 10 ? 2 : 0)} s`;
}

// ---- drawing

function redraw(section, data, draw) {
  const text = JSON.stringify(data);
  if (drawn.get(section) === text) return;
  draw(data);
  drawn.set(section, text);
}

function tile(name, value, hint) {
  return element("div", "tile", element("dt", "", name), element("dd", "", value, hint ? element("small", "", hint) : null));
}

function drawTotals(overview) {
  const { totals, window: span } = overview;
  const share = (count) => (totals.documents ? percent.format(count / totals.documents) : "");
  const tiles = [
    tile("Documents", whole.format(totals.documents), `${whole.format(totals.copies)} copies`),
    ...SENTIMENTS.map((name) => tile(name, whole.format(totals[name]), share(totals[name]))),
    tile("Could not be read", whole.format(totals.dead_letters), "dead letters"),
  ];
  if (span && span.latency.documents) {
    const { p50, p99 } = span.latency.since_collected;
    tiles.push(tile("Collected → stored", duration(p50), `median; 99 % within ${duration(p99)}`));
  }
  $("totals").replaceChildren(...tiles);
  $("empty").hidden = totals.documents > 0;
  $("window").textContent = span
    ? `Published ${utc(span.start)} to ${utc(span.end)}, the last 24 hours of what is stored; copies counted once.`
    : "No documents yet.";
}

function shareBar(row) {
  const bar = element("div", "bar");
  bar.setAttribute("aria-hidden", "true");
  for (const name of SENTIMENTS) {
    const part = element("span", name);
    part.style.flexGrow = row[name];
    bar.append(part);
  }
  return bar;
}

function drawTopics(topics) {
  const rows = topics.map((row) => {
    const name = element("th", "", row.topic);
    name.scope = "row";
    const numbers = SENTIMENTS.map((sentiment) => element("td", "number", whole.format(row[sentiment])));
    return element("tr", "", name, ...numbers, element("td", "number", percent.format(row.negative_share)), element("td", "", shareBar(row)));
  });
  $("topics").replaceChildren(...rows);
  $("topics-table").hidden = !rows.length;
  offerTopics(topics.map((row) => row.topic).sort());
}

function offerTopics(names) {
  const chosen = $("topic").value;
  const all = element("option", "", "all");
  all.value = "";
  const known = chosen && !names.includes(chosen) ? [...names, chosen] : names;
  $("topic").replaceChildren(all, ...known.map((name) => element("option", "", name)));
  $("topic").value = chosen;
}

function documentItem(row) {
  const facts = [row.source, utc(row.published_at), row.topic, row.symbols.join(" ")].filter(Boolean).join(" · ");
  const title = row.title || row.text;
  return element(
    "li", "",
    element("span", `chip ${row.sentiment}`, row.sentiment),
    element("div", "", link(row.url, title), element("p", "hint", facts)),
  );
}

function drawDocuments(rows) {
  const filtered = $("topic").value || $("sentiment").value;
  const none = element("li", "hint", filtered ? "No document matches." : "No documents yet.");
  $("documents").replaceChildren(...(rows.length ? rows.map(documentItem) : [none]));
}

function alertCard(alert) {
  const head = element(
    "p", "",
    element("span", `chip ${alert.state}`, alert.state),
    " ", element("strong", "", alert.topic), ` · ${alert.severity}`,
  );
  const what = `${whole.format(alert.observed)} negative documents, ${rate(alert.expected)} expected (p ${alert.p_value.toExponential(1)}), `
    + `${percent.format(alert.negative_share)} of its documents negative`;
  const when = `opened ${utc(alert.opened_at)}` + (alert.resolved_at ? `, resolved ${utc(alert.resolved_at)}` : "");
  return element("article", `alert ${alert.state}`, head, element("p", "", what), element("p", "hint", when), drivers(alert));
}

function drivers(alert) {
  const list = element("ul", "documents");
  const details = element("details", "", element("summary", "", "What drove it"), list);
  details.open = openAlerts.has(alert.id);
  const fill = async () => {
    try {
      const { documents } = await get(`/api/alerts/${alert.id}`);
      list.replaceChildren(...(documents.length ? documents.map(documentItem) : [element("li", "hint", "No documents are kept for it.")]));
    } catch (error) {
      list.replaceChildren(element("li", "hint", error.message));
    }
  };
  details.addEventListener("toggle", () => {
    if (details.open) {
      openAlerts.add(alert.id);
      fill();
    } else {
      openAlerts.delete(alert.id);
    }
  });
  return details;
}

function drawAlerts(alerts) {
  const past = alerts.filter((alert) => alert.state === "resolved");
  const open = alerts.filter((alert) => alert.state !== "resolved");
  const firing = open.filter((alert) => alert.state === "firing").length;
  document.title = firing ? `(${firing}) Squall` : "Squall";
  const parts = open.length ? open.map(alertCard) : [element("p", "hint", "No open alerts.")];
  if (past.length) parts.push(element("h3", "", "Past"), ...past.map(alertCard));
  $("alerts").replaceChildren(...parts);
}

// ---- talking to the API

async function get(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS), headers: { Accept: "application/json" } });
  if (answer.ok) return answer.json();
  if (answer.status === 401) throw Object.assign(new Error((await answer.text()).trim()), { told: true });
  let detail = `HTTP ${answer.status}`;
  try {
    const body = await answer.json();
    if (typeof body.detail === "string") detail = body.detail;
  } catch {
    // not JSON: the status says enough
  }
  throw Object.assign(new Error(detail), { told: true });
}

function documentsPath() {
  const query = new URLSearchParams({ limit: DOCUMENTS });
  for (const name of ["topic", "sentiment"]) if ($(name).value) query.set(name, $(name).value);
  return `/api/documents?${query}`;
}

function say(text, broken) {
  if ($("status").textContent !== text) $("status").textContent = text;
  document.body.classList.toggle("broken", broken);
}

async function refresh() {
  try {
    const path = documentsPath();
    const [overview, alerts, documents] = await Promise.all([get("/api/overview"), get("/api/alerts?limit=50"), get(path)]);
    redraw("totals", overview, drawTotals);
    redraw("topics", overview.window ? overview.window.topics : [], drawTopics);
    redraw("alerts", alerts.alerts, drawAlerts);
    if (path === documentsPath()) redraw("documents", [path, documents.documents], ([, rows]) => drawDocuments(rows));
    $("content").hidden = false;
    lastAnswer = new Date();
    say("Live: refreshed every 2 seconds.", false);
  } catch (error) {
    const known = lastAnswer ? ` What you see is from ${lastAnswer.toLocaleTimeString()}.` : "";
    say(error.told ? `Squall answers, but: ${error.message}.${known}` : `No connection to Squall; trying again.${known}`, true);
    if (!error.told) console.info(error);
  }
}

async function run() {
  for (;;) {
    if (!document.hidden) await refresh();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

for (const name of ["topic", "sentiment"]) $(name).addEventListener("change", refresh);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
run();
