// The live page: asks the JSON API once, then again whenever the server's events say that something has changed.

import { openAlerts, showAlerts, startAlerts } from "./alerts.js";
import { get } from "./api.js";
import { $, choose, el, write } from "./dom.js";
import * as documents from "./documents.js";
import { listen } from "./events.js";
import { offerFilters, setFilters, startFilters } from "./filters.js";
import * as health from "./health.js";
import { markTopic, showMood } from "./mood.js";
import { ALL_TOPICS, move, place } from "./place.js";

const RETRY_MS = 5000;
const NAMES_MS = 600000; // names to choose from change slowly
// All pages share answers for some seconds, the longer the dearer they are: what has just changed is asked for again after that.
const SETTLED_MS = [4000, 15000];
const KINDS = { market: "Market", topic: "Topics", sector: "Sectors", symbol: "Symbols" };

// the charting library is a megabyte: everything else is there before it
const drawing = Promise.all([import("./heatmap.js"), import("./chart.js")]);

let lastMood = null;
let empty = true;
const dirty = new Set(); // what changed while nobody looked

/** Run `work` one at a time; a call meanwhile runs it once more afterwards. A failure is said in words and tried again. */
function refresher(name, work) {
  let running = false;
  let again = false;
  return async function refresh() {
    if (document.hidden) {
      dirty.add(refresh);
      return;
    }
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      try {
        await work();
        answered(name);
      } catch (error) {
        failed(name, error, refresh);
      }
    }
    running = false;
  };
}

const failures = new Map();

function answered(name) {
  failures.delete(name);
  $("refused").hidden = true;
  if (!failures.size) health.say("load", "");
}

function failed(name, error, refresh) {
  if (error.status === 401) {
    $("refused").hidden = false;
    $("content").hidden = true;
    health.connection("refused");
    return;
  }
  failures.set(name, error.message);
  if (error.status) health.say("load", `Squall answers, but ${name} could not be loaded: ${error.message}`);
  setTimeout(refresh, RETRY_MS);
}

const mood = refresher("the mood", async () => {
  lastMood = await get("/api/mood", { hours: place.hours });
  setEmpty(!lastMood.topics.length);
  drawMood();
});

async function drawMood() {
  if (!lastMood) return;
  const rows = showMood(lastMood, openAlerts(), chooseSeries);
  const [{ drawHeatmap }] = await drawing;
  drawHeatmap(rows, lastMood, chooseSeries);
}

const chart = refresher("the chart", async () => {
  const { series } = place;
  let answer = null;
  try {
    answer = await get("/api/chart", { series, hours: place.hours });
  } catch (error) {
    if (error.status !== 404) throw error;
    write($("reading"), error.message);
  }
  $("chart").hidden = $("chart-legend").hidden = answer === null;
  $("show-documents").hidden = !answer || !["topic", "symbol"].includes(answer.kind);
  const [, { drawChart }] = await drawing;
  if (answer && series === place.series) drawChart(answer);
});

const alerts = refresher("the alerts", async () => {
  const [listed, silences] = await Promise.all([get("/api/alerts", { limit: 200 }), get("/api/silences")]);
  showAlerts(listed, silences);
  drawMood();
});

const filters = refresher("the filters", async () => {
  const answer = await get("/api/filters");
  offerFilters(answer);
  offerSeries(answer.series);
});

const missed = refresher("the documents", () => documents.catchUp(true));
const untold = refresher("the documents", () => documents.catchUp(false));
const caughtUp = settled(untold); // what was stored between a shared answer and the first event
const stream = refresher("the documents", async () => {
  await documents.load();
  caughtUp();
});
const state = refresher("the state", async () => health.show(await get("/api/health")));

function setEmpty(is) {
  if (empty && !is) filters();
  empty = is;
  $("empty").hidden = !is;
  $("content").hidden = is;
}

function offerSeries(series) {
  const groups = Object.entries(KINDS).map(([kind, label]) => {
    const names = series.filter((one) => one.kind === kind).map((one) => one.name);
    return names.length ? el("optgroup", { label }, ...names.map((name) => el("option", { value: name }, name))) : null;
  });
  const text = JSON.stringify(series);
  if ($("series").dataset.offered === text || document.activeElement === $("series")) return;
  $("series").replaceChildren(...groups.filter(Boolean));
  $("series").dataset.offered = text;
  choose($("series"), place.series);
}

async function chooseSeries(name) {
  if (name === place.series) return;
  move({ series: name });
  choose($("series"), name);
  markTopic();
  chart();
  const [{ markRow }] = await drawing;
  markRow();
}

function showItsDocuments() {
  const { series } = place;
  setFilters(series.startsWith("$") ? { symbol: series.slice(1) } : { topic: series }, stream);
  $("documents-title").focus();
}

function all() {
  for (const refresh of [state, mood, chart, alerts, filters]) refresh();
}

/** Return what asks again once no answer of before the change is shared any longer. */
function settled(refresh) {
  let timers = [];
  return () => {
    timers.forEach(clearTimeout);
    timers = SETTLED_MS.map((pause) => setTimeout(refresh, pause));
  };
}

/** Return what asks again now, and once it has settled. */
function changed(...refreshers) {
  const ask = () => refreshers.forEach((refresh) => refresh());
  const later = settled(ask);
  return () => {
    ask();
    later();
  };
}

/** Return what asks in a while, once however often it is told until then. */
function eventually(refresh) {
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      refresh();
    }, SETTLED_MS[0]);
  };
}

const searched = eventually(untold); // events carry excerpts: a word further back in a text is found by asking

const heard = {
  hello: () => {},
  health: (data) => {
    health.show(data);
    health.say("store", "");
  },
  documents: (data) => {
    if (empty) mood();
    documents.receive(data);
    if (place.filters.q) searched();
  },
  mood: changed(mood, chart),
  alerts: changed(alerts, chart),
  trouble: ({ detail }) => health.say("store", `The store does not answer: ${detail}`),
};

function startRange() {
  for (const button of document.querySelectorAll("#range input")) {
    button.checked = button.value === place.hours;
    button.addEventListener("change", () => {
      move({ hours: button.value });
      mood();
      chart();
    });
  }
}

/** What sticks below the header needs to know its height, which grows with its sentences. */
function measureTop() {
  new ResizeObserver(([{ target }]) => document.documentElement.style.setProperty("--top", `${target.offsetHeight}px`)).observe($("top"));
}

measureTop();
startRange();
startFilters(stream);
documents.start();
startAlerts({ changed: alerts, choose: chooseSeries });
$("series").addEventListener("change", () => chooseSeries($("series").value));
$("show-documents").addEventListener("click", showItsDocuments);
offerSeries([{ name: ALL_TOPICS, kind: "market" }]);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const refresh of dirty) refresh();
  dirty.clear();
});
setInterval(filters, NAMES_MS);
all();
stream();
listen({
  heard: (name, data) => heard[name](data),
  opened: (again) => {
    health.connection("live");
    if (!again) return;
    all();
    missed();
    caughtUp();
  },
  lost: () => {
    if ($("refused").hidden) health.connection("lost");
    state(); // says why, when the server answers but refuses
  },
});
