// The chart of the selected series: negative documents, the expected count, and alerts.

import * as echarts from "./vendor/echarts.esm.min.js";
import { $, write } from "./dom.js";
import { count, moment, some, whole } from "./format.js";
import { colour, onTheme, tooltip } from "./theme.js";

const GAP_MS = 16 * 60000; // readings come every five minutes; a longer gap is drawn as a gap
const BAND = "90% interval";
const TIMES = { day: "{d} {MMM}", month: "{d} {MMM}", hour: "{HH}:{mm}", minute: "{HH}:{mm}" };
let chart = null;
let watcher = null;
let response = null;

/** Draw the response of /api/chart. */
export function drawChart(given) {
  response = given;
  describe();
  watcher ||= watch();
  fit();
}

function watch() {
  onTheme(fit);
  const made = new ResizeObserver(fit);
  made.observe($("chart"));
  return made;
}

/** Draw at the current size; the chart has no width while the page is hidden. */
function fit() {
  if (!response.start || !$("chart").clientWidth) return;
  chart ||= echarts.init($("chart"), null, { renderer: "canvas" });
  chart.resize();
  draw();
}

const hasReadings = () => response.points.time.length > 0;

function describe() {
  const { points, counts, window_minutes: minutes } = response;
  const last = points.time.length - 1;
  if (last >= 0) {
    write($("reading"), `${whole(points.observed[last])} negative documents in the ${minutes} minutes to ${moment(points.time[last])} UTC; `
      + `${some(points.expected[last])} expected (90% interval: ${some(points.low[last])} to ${some(points.high[last])}).`);
  } else if (counts.time.length) {
    const sum = (values) => values.reduce((total, value) => total + value, 0);
    write($("reading"), `${count(sum(counts.negative), "negative document")} of ${whole(sum(counts.total))}. `
      + "The detector has not evaluated this time range yet, so there is no expected range.");
  } else {
    write($("reading"), "There is no data for this series in this time range.");
  }
}

function withGaps(times, values) {
  const drawn = [];
  times.forEach((time, at) => {
    const now = new Date(time).getTime();
    const before = at ? new Date(times[at - 1]).getTime() : now;
    if (now - before > GAP_MS) drawn.push([before + 1, null]);
    drawn.push([now, values[at]]);
  });
  return drawn;
}

function line(name, values, more) {
  return { name, type: "line", symbol: "none", silent: true, data: withGaps(response.points.time, values), ...more };
}

function readings() {
  const { low, high, expected, observed } = response.points;
  const [band, quiet, negative] = ["band", "quiet", "negative"].map(colour);
  const unseen = { lineStyle: { opacity: 0 }, stack: "band", stackStrategy: "all" };
  const width = high.map((value, at) => value - low[at]);
  return [
    line("low", low, unseen),
    line(BAND, width, { ...unseen, areaStyle: { color: band, opacity: 1 }, color: band }),
    line("expected", expected, { color: quiet, lineStyle: { width: 1.2, type: "dashed", color: quiet } }),
    line("negative", observed, { color: negative, lineStyle: { width: 1.8, color: negative }, markArea: alertAreas(), silent: false }),
  ];
}

function bars() {
  const { time, negative, total } = response.counts;
  const shape = { type: "bar", barGap: "-100%", barCategoryGap: "20%" };
  const data = (values) => values.map((value, at) => [time[at], value]);
  return [
    { ...shape, name: "all", data: data(total), color: colour("band") },
    { ...shape, name: "negative", data: data(negative), color: colour("negative"), markArea: alertAreas() },
  ];
}

function alertAreas() {
  const [start, end] = [new Date(response.start), new Date(response.end)];
  const data = response.alerts.map(({ severity, opened_at: opened, resolved_at: resolved }) => [
    { name: severity, xAxis: Math.max(new Date(opened), start), itemStyle: { color: colour(severity) } },
    { xAxis: Math.min(new Date(resolved || end), end) },
  ]);
  return { silent: true, data, itemStyle: { opacity: 0.16 }, label: { position: "insideTopRight", color: colour("ink"), fontSize: 10 } };
}

function tooltipText(points) {
  if (!points.length) return "";
  const value = (name) => points.find((point) => point.seriesName === name)?.value[1] ?? null;
  const negative = value("negative");
  const lines = [`${moment(points[0].value[0])} UTC`, `${negative === null ? "–" : whole(negative)} negative`];
  if (value("all") !== null) lines[1] += ` of ${whole(value("all"))}`;
  if (value("expected") !== null) {
    lines.push(`${some(value("expected"))} expected`, `90%: ${some(value("low"))} to ${some(value("low") + value(BAND))}`);
  }
  return lines.join("\n");
}

function draw() {
  const label = { color: colour("quiet"), fontSize: 11, fontFamily: "system-ui, sans-serif" };
  chart.setOption({
    animation: false,
    useUTC: true,
    grid: { left: 8, right: 12, top: 14, bottom: 4, containLabel: true },
    xAxis: {
      type: "time",
      min: new Date(response.start).getTime(),
      max: new Date(response.end).getTime(),
      axisLabel: { ...label, hideOverlap: true, formatter: TIMES },
      axisLine: { lineStyle: { color: colour("line-strong") } },
      splitLine: { show: false },
    },
    yAxis: { type: "value", min: 0, minInterval: 1, axisLabel: label, splitLine: { lineStyle: { color: colour("line") } } },
    tooltip: { ...tooltip(), trigger: "axis", formatter: tooltipText, axisPointer: { lineStyle: { color: colour("line-strong") } } },
    series: hasReadings() ? readings() : bars(),
  }, { notMerge: true });
  $("chart-legend").hidden = false;
  $("chart-legend").dataset.shows = hasReadings() ? "readings" : "counts";
}
