// The chart of one company: the tone towards it above, and below its negative documents with what is usual.

import * as echarts from "./vendor/echarts.esm.min.js";
import { alertAreas, BAND, countAxis, expectedBand, label, timeAxis, withGaps } from "./chart_parts.js";
import { $ } from "./dom.js";
import { moment, signed, some, whole } from "./format.js";
import { colour, onTheme, tooltip } from "./theme.js";

let chart = null;
let watcher = null;
let response = null;

/** Draw the response of /api/entities/{entity}. */
export function drawEntity(given) {
  response = given;
  watcher ||= watch();
  fit();
}

function watch() {
  onTheme(fit);
  const made = new ResizeObserver(fit);
  made.observe($("entity-chart"));
  return made;
}

/** Draw at the current size; the chart has no width while the page is hidden. */
function fit() {
  if (!response || !$("entity-chart").clientWidth) return;
  chart ||= echarts.init($("entity-chart"), null, { renderer: "canvas" });
  chart.resize();
  draw();
}

const below = { xAxisIndex: 1, yAxisIndex: 1 };
const TONES = ["−1", "0", "+1"];
const onSteps = (values) => values.map((value, at) => [response.counts.time[at], value]);

function tone() {
  const data = response.counts.mean_score.map((score, at) => ({
    value: [response.counts.time[at], score],
    itemStyle: { color: colour(score < 0 ? "negative" : "positive") },
  }));
  return { name: "tone", type: "bar", barCategoryGap: "20%", data, xAxisIndex: 0, yAxisIndex: 0 };
}

function readings() {
  const { time, observed, ...expected } = response.points;
  const data = (values) => withGaps(time, values);
  const negative = colour("negative");
  return [
    ...expectedBand(expected, data, below),
    { ...below, name: "negative", type: "line", symbol: "none", data: data(observed), color: negative, lineStyle: { width: 1.8 } },
  ];
}

function bars() {
  const { negative } = response.counts;
  const shape = { ...below, type: "bar", barGap: "-100%", barCategoryGap: "20%" };
  const usual = response.history ? expectedBand(response.history, onSteps, { ...below, step: "middle" }) : [];
  return [...usual, { ...shape, name: "negative", data: onSteps(negative), color: colour("negative") }];
}

function tooltipText(points) {
  if (!points.length) return "";
  const value = (name) => points.find((point) => point.seriesName === name)?.value[1] ?? null;
  const lines = [`${moment(points[0].value[0])} UTC`];
  const at = response.counts.time.indexOf(points.find((point) => point.seriesName === "tone")?.value[0]);
  if (value("tone") !== null) lines.push(`tone ${signed(value("tone"))}`);
  const all = at < 0 ? "" : ` of ${whole(response.counts.total[at])}`;
  if (value("negative") !== null) lines.push(`${whole(value("negative"))} negative${all}`);
  if (value("expected") !== null) {
    lines.push(`${some(value("expected"))} expected`, `90%: ${some(value("low"))} to ${some(value("low") + value(BAND))}`);
  }
  return lines.join("\n");
}

function draw() {
  const watched = response.points.time.length > 0;
  const grid = { left: 40, right: 12 };
  const toneAxis = { type: "value", min: -1, max: 1, interval: 1, axisLabel: { ...label(), formatter: (value) => TONES[value + 1] } };
  const counted = watched ? readings() : bars();
  counted.at(-1).markArea = alertAreas(response);
  chart.setOption({
    animation: false,
    useUTC: true,
    grid: [{ ...grid, top: 8, height: "32%" }, { ...grid, top: "48%", bottom: 22 }],
    xAxis: [
      timeAxis(response, { gridIndex: 0, axisLabel: { show: false }, axisTick: { show: false } }),
      timeAxis(response, { gridIndex: 1 }),
    ],
    yAxis: [{ ...toneAxis, gridIndex: 0, splitLine: { lineStyle: { color: colour("line") } } }, { ...countAxis(), gridIndex: 1 }],
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    tooltip: { ...tooltip(), trigger: "axis", formatter: tooltipText, axisPointer: { lineStyle: { color: colour("line-strong") } } },
    series: [tone(), ...counted],
  }, { notMerge: true });
  $("entity-legend").dataset.shows = watched || response.history ? "band" : "counts";
}
