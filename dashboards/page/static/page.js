// The live page: loads everything from the JSON API, and loads it again when a server-sent event reports a change.

import { listAlerts, openAlerts, openLinked, showAlerts, startAlerts } from "./alerts.js";
import { get } from "./api.js";
import * as banner from "./banner.js";
import { $, choose, el, write } from "./dom.js";
import { gravestFirst } from "./document_order.js";
import * as documents from "./documents.js";
import { loadEntities, markEntity, showEntityAlerts, startEntities } from "./entities.js";
import { showEntity, startEntityView } from "./entity_view.js";
import { subscribe } from "./event_source.js";
import { offerFilters, setFilters, startFilters } from "./filters.js";
import { markTopic, showMood } from "./mood.js";
import { onName } from "./name_chips.js";
import { showConnection, showHealth } from "./status_strip.js";
import { ALL_TOPICS, updateUrl, urlState } from "./url_state.js";

const RETRY_MS = 5000;
const STORIES_MS = 60000; // the detector runs every minute
const FILTERS_MS = 600000; // the names to filter by change slowly
const SEARCH_MS = 4000;
const KINDS = { market: "Market", topic: "Topics", sector: "Sectors", symbol: "Symbols" };

// the charting library is a megabyte: everything else appears before it
const charts = Promise.all([import("./heatmap.js"), import("./chart.js")]);

let lastMood = null;
let empty = true;
const dirty = new Set(); // what changed while the page was hidden

/** Return a function that runs `work`, never twice at once; a call meanwhile runs it once more. A failure is shown and retried. */
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
        loaded(name);
      } catch (error) {
        failed(name, error, refresh);
      }
    }
    running = false;
  };
}

const failures = new Map();

function loaded(name) {
  failures.delete(name);
  $("token-required").hidden = true;
  if (!failures.size) banner.clearLoadError();
}

function failed(name, error, refresh) {
  if (error.status === 401) {
    $("token-required").hidden = false;
    $("content").hidden = true;
    showConnection("refused");
    return;
  }
  failures.set(name, error.message);
  if (error.status) banner.showLoadError(name, error.message);
  setTimeout(refresh, RETRY_MS);
}

const mood = refresher("the heatmap", async () => {
  lastMood = await get("/api/mood", { hours: urlState.hours });
  setEmpty(!lastMood.topics.length);
  openLinked();
  drawMood();
});

async function drawMood() {
  if (!lastMood) return;
  const rows = showMood(lastMood, openAlerts(), selectSeries);
  const [{ drawHeatmap }] = await charts;
  drawHeatmap(rows, lastMood, selectSeries);
}

const chart = refresher("the chart", async () => {
  const { series } = urlState;
  let response = null;
  try {
    response = await get("/api/chart", { series, hours: urlState.hours });
  } catch (error) {
    if (error.status !== 404) throw error;
    write($("reading"), error.message);
  }
  $("chart").hidden = $("chart-legend").hidden = response === null;
  $("show-documents").hidden = !response || !["topic", "symbol"].includes(response.kind);
  const [, { drawChart }] = await charts;
  if (response && series === urlState.series) drawChart(response);
});

let { entity, members } = urlState; // that is shown: the chosen one, or the first of the first list; itself or its members

const entities = refresher("the companies", async () => {
  const first = await loadEntities();
  if (entity || !first) return;
  [entity, members] = [first, false];
  markEntity(entity);
  company();
});

const company = refresher("the company", () => showEntity(entity, members));

/** Show one company or other name, or with `summed` what belongs to it. */
function selectEntity(name, summed = false) {
  [entity, members] = [name, summed];
  updateUrl({ entity, members });
  markEntity(entity);
  company();
}

/** Show one from elsewhere on the page: what was clicked may go, so the focus follows. */
function goToEntity(name, summed) {
  selectEntity(name, summed);
  $("entity-title").focus();
}

const alerts = refresher("the alerts", async () => {
  const [listed, silences] = await Promise.all([listAlerts(), get("/api/silences")]);
  showAlerts(listed, silences);
  showEntityAlerts(openAlerts());
  drawMood();
});

const filters = refresher("the filters", async () => {
  const response = await get("/api/filters");
  offerFilters(response);
  offerSeries(response.series);
});

const missed = refresher("the documents", () => documents.catchUp(true));
const unreported = refresher("the documents", () => documents.catchUp(false));
const documentStream = refresher("the documents", documents.load);
const health = refresher("the status", async () => showHealth(await get("/api/health")));

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
  choose($("series"), urlState.series);
}

async function selectSeries(name) {
  if (name === urlState.series) return;
  updateUrl({ series: name });
  choose($("series"), name);
  markTopic();
  chart();
  const [{ markRow }] = await charts;
  markRow();
}

function showItsDocuments() {
  const { series } = urlState;
  setFilters(series.startsWith("$") ? { symbol: series.slice(1) } : { topic: series }, documentStream);
  $("documents-title").focus();
}

function refreshAll() {
  for (const refresh of [health, mood, entities, company, chart, alerts, filters]) refresh();
}

/** Return a function that calls all `refreshers`. */
const all = (...refreshers) => () => refreshers.forEach((refresh) => refresh());

/** Return a function that refreshes after a while, once for any number of calls until then. */
function eventually(refresh) {
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      refresh();
    }, SEARCH_MS);
  };
}

const search = eventually(unreported); // events carry excerpts: words further back in a text are found by a search on the server

const eventHandlers = {
  hello: () => {},
  health: (data) => {
    showHealth(data);
    banner.clearStoreUnavailable();
  },
  documents: (data) => {
    if (empty) mood();
    documents.receive(data);
    if (urlState.filters.q) search();
  },
  mood: all(mood, chart, entities, company),
  alerts: all(alerts, chart, company),
  expired: all(mood, chart, entities, company, alerts, unreported), // the server had answered from its cache
  store_unavailable: ({ detail }) => banner.showStoreUnavailable(detail),
};

function startRange() {
  for (const button of document.querySelectorAll("#range input")) {
    button.checked = button.value === urlState.hours;
    button.addEventListener("change", () => {
      updateUrl({ hours: button.value });
      for (const refresh of [mood, chart, entities, company]) refresh();
      if (gravestFirst("sort")) documentStream();
    });
  }
}

/** Elements that stick below the header need its height, which grows with the banner. */
function measureTop() {
  new ResizeObserver(([{ target }]) => document.documentElement.style.setProperty("--top", `${target.offsetHeight}px`)).observe($("top"));
}

measureTop();
startRange();
startFilters(documentStream);
documents.start();
startEntities(entities, selectEntity);
startEntityView(goToEntity, company);
onName(goToEntity);
markEntity(entity);
startAlerts({ changed: alerts, select: selectSeries, selectEntity: goToEntity });
$("series").addEventListener("change", () => selectSeries($("series").value));
$("show-documents").addEventListener("click", showItsDocuments);
offerSeries([{ name: ALL_TOPICS, kind: "market" }]);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const refresh of dirty) refresh();
  dirty.clear();
});
setInterval(filters, FILTERS_MS);
setInterval(() => (documents.storiesPending() ? unreported() : null), STORIES_MS);
refreshAll();
documentStream();
subscribe({
  onEvent: (name, data) => eventHandlers[name](data),
  onOpen: (again) => {
    showConnection("live");
    refreshAll(); // no event reports what changed before the connection was open
    (again ? missed : unreported)();
  },
  onLost: () => {
    if ($("token-required").hidden) showConnection("lost");
    health(); // shows why if the server answers but refuses
  },
});
