// The mood heatmap: topics down, time across, net sentiment as colour. Its rows line up with the table beside it.

import * as echarts from "./vendor/echarts.esm.min.js";
import { $ } from "./dom.js";
import { clock, date, moment, signed } from "./format.js";
import { urlState } from "./url_state.js";
import { colour, onTheme, tooltip } from "./theme.js";

const ROW = 22; // as table rows in panels.css
const HEAD = 26;
const FOOT = 22;
const LABELS = 118; // width of the names where the table is not beside the heatmap
const FEW = 5;
const SCALE = 0.6; // net sentiment at which a cell has its full colour
const COLOURS = ["heat-low", "heat-mid-low", "heat-middle", "heat-mid-high", "heat-high"]; // from −SCALE to +SCALE
const HOUR = 3600000;
const STEPS = [1, 2, 3, 6, 12, 24, 48, 96, 168].map((hours) => hours * HOUR);
const LABEL_PX = 64;

const wide = matchMedia("(min-width: 50rem)");
let chart = null;
let rows = [];
let times = [];
let stepSeconds = 0;
let shape = "";

/** Draw `rows` (from `showMood`) over the times of the response; `choose(name)` is called when a row is clicked. */
export function drawHeatmap(given, mood, choose) {
  rows = given;
  times = mood.times;
  stepSeconds = mood.step_seconds;
  chart ||= create(choose);
  draw();
}

/** Mark the selected row. */
export function markRow() {
  const at = rows.findIndex((row) => row.name === urlState.series);
  $("heat-mark").hidden = at < 0;
  $("heat-mark").style.transform = `translateY(${HEAD + at * ROW}px)`;
}

function create(choose) {
  const made = echarts.init($("heatmap"), null, { renderer: "canvas", width: LABELS, height: HEAD + FOOT });
  made.getZr().on("click", (event) => {
    const at = Math.floor((event.offsetY - HEAD) / ROW);
    if (rows[at]) choose(rows[at].name);
  });
  new ResizeObserver(() => draw()).observe($("heatmap").parentElement);
  onTheme(draw);
  return made;
}

function labelAt(index, width) {
  const span = times.length * stepSeconds * 1000;
  const step = STEPS.find((length) => (span / length) * LABEL_PX <= width) || STEPS.at(-1);
  const start = new Date(times[index]).getTime();
  return Math.floor(start / step) !== Math.floor((start - stepSeconds * 1000) / step);
}

function describe({ value: [column, line] }) {
  const row = rows[line];
  const until = new Date(new Date(times[column]).getTime() + stepSeconds * 1000);
  const net = row.net[column] === null ? "" : `net ${signed(row.net[column])}\n`;
  return `${row.name}\n${moment(times[column])}–${clock(until)} UTC\n${net}${row.negative[column]} of ${row.total[column]} negative`;
}

function cells() {
  return rows.flatMap((row, line) =>
    row.net.map((net, column) => ({ value: [column, line, net], itemStyle: { opacity: row.total[column] < FEW ? 0.45 : 1 } }))
      .filter((cell) => cell.value[2] !== null));
}

function draw() {
  const width = $("heatmap").parentElement.clientWidth;
  const height = HEAD + rows.length * ROW + FOOT;
  if (!width || !rows.length) return;
  const size = `${width} ${height}`;
  if (size !== shape) chart.resize({ width, height });
  shape = size;
  const left = wide.matches ? 0 : LABELS;
  const days = times.length * stepSeconds > 2 * 86400;
  const axis = { type: "category", axisLine: { show: false }, axisTick: { show: false }, splitArea: { show: false } };
  const label = { color: colour("quiet"), fontSize: 11, fontFamily: "system-ui, sans-serif" };
  chart.setOption({
    animation: false,
    useUTC: true,
    grid: { left, right: 0, top: HEAD, bottom: FOOT },
    xAxis: {
      ...axis,
      data: times,
      axisLabel: {
        ...label,
        align: "left",
        formatter: (time) => (days || new Date(time).getUTCHours() === 0 ? date(time) : clock(time)),
        interval: (index) => labelAt(index, width - left),
      },
    },
    yAxis: {
      ...axis,
      inverse: true,
      data: rows.map((row) => row.name),
      axisLabel: { ...label, show: left > 0, width: LABELS - 8, overflow: "truncate", interval: 0 },
    },
    visualMap: { show: false, min: -SCALE, max: SCALE, dimension: 2, inRange: { color: COLOURS.map(colour) } },
    tooltip: { ...tooltip(), formatter: describe },
    series: [{
      type: "heatmap",
      data: cells(),
      itemStyle: { borderColor: colour("panel"), borderWidth: 0.5 },
      emphasis: { itemStyle: { borderColor: colour("ink"), borderWidth: 1 } },
      progressive: 0,
    }],
  }, { notMerge: true });
  markRow();
}
