// The chart of the selected series: negative documents, the expected count, and alerts.

import * as echarts from "./vendor/echarts.esm.min.js";
import { alertAreas, BAND, countAxis, expectedBand, timeAxis, withGaps } from "./chart_parts.js";
import { $, write } from "./dom.js";
import { count, moment, some, whole } from "./format.js";
import { colour, onTheme, tooltip } from "./theme.js";

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

function readings() {
  const { time, observed, ...expected } = response.points;
  const data = (values) => withGaps(time, values);
  const negative = colour("negative");
  const line = { type: "line", symbol: "none", color: negative, lineStyle: { width: 1.8, color: negative } };
  return [...expectedBand(expected, data), { ...line, name: "negative", data: data(observed), markArea: alertAreas(response) }];
}

function bars() {
  const { time, negative, total } = response.counts;
  const shape = { type: "bar", barGap: "-100%", barCategoryGap: "20%" };
  const data = (values) => values.map((value, at) => [time[at], value]);
  return [
    { ...shape, name: "all", data: data(total), color: colour("band") },
    { ...shape, name: "negative", data: data(negative), color: colour("negative"), markArea: alertAreas(response) },
  ];
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
  chart.setOption({
    animation: false,
    useUTC: true,
    grid: { left: 8, right: 12, top: 14, bottom: 4, containLabel: true },
    xAxis: timeAxis(response),
    yAxis: countAxis(),
    tooltip: { ...tooltip(), trigger: "axis", formatter: tooltipText, axisPointer: { lineStyle: { color: colour("line-strong") } } },
    series: hasReadings() ? readings() : bars(),
  }, { notMerge: true });
  $("chart-legend").hidden = false;
  $("chart-legend").dataset.shows = hasReadings() ? "readings" : "counts";
}
