// What the charts over time have in common: axes, lines with gaps, the expected band, and the times of alerts.

import { colour } from "./theme.js";

const GAP_MS = 16 * 60000; // readings come every five minutes; a longer gap is drawn as a gap
const TIMES = { day: "{d} {MMM}", month: "{d} {MMM}", hour: "{HH}:{mm}", minute: "{HH}:{mm}" };

/** The name of the series that is as high as the band is wide, on top of the one named "low". */
export const BAND = "90% interval";

/** The style of the labels of an axis. */
export const label = () => ({ color: colour("quiet"), fontSize: 11, fontFamily: "system-ui, sans-serif" });

/** An axis over the time range of a response. */
export function timeAxis({ start, end }, more = {}) {
  return {
    type: "time",
    min: new Date(start).getTime(),
    max: new Date(end).getTime(),
    axisLabel: { ...label(), hideOverlap: true, formatter: TIMES },
    axisLine: { lineStyle: { color: colour("line-strong") } },
    splitLine: { show: false },
    ...more,
  };
}

/** An axis for numbers of documents. */
export const countAxis = () => ({
  type: "value", min: 0, minInterval: 1, axisLabel: label(), splitLine: { lineStyle: { color: colour("line") } },
});

/** Points of a line over readings: an empty one in each gap. */
export function withGaps(times, values) {
  const drawn = [];
  times.forEach((time, at) => {
    const now = new Date(time).getTime();
    const before = at ? new Date(times[at - 1]).getTime() : now;
    if (now - before > GAP_MS) drawn.push([before + 1, null]);
    drawn.push([now, values[at]]);
  });
  return drawn;
}

/** The band from `low` to `high` and the dashed line of what is expected; `data(values)` pairs values with times. */
export function expectedBand({ low, high, expected }, data, more = {}) {
  const [band, quiet] = ["band", "quiet"].map(colour);
  const shape = { type: "line", symbol: "none", silent: true, ...more };
  const unseen = { ...shape, lineStyle: { opacity: 0 }, stack: "band", stackStrategy: "all" };
  return [
    { ...unseen, name: "low", data: data(low) },
    { ...unseen, name: BAND, data: data(high.map((value, at) => value - low[at])), areaStyle: { color: band, opacity: 1 }, color: band },
    { ...shape, name: "expected", data: data(expected), color: quiet, lineStyle: { width: 1.2, type: "dashed", color: quiet } },
  ];
}

/** The times at which alerts of a response were open. */
export function alertAreas({ start, end, alerts }) {
  const [first, last] = [new Date(start), new Date(end)];
  const data = alerts.map(({ severity, opened_at: opened, resolved_at: resolved }) => [
    { name: severity, xAxis: Math.max(new Date(opened), first), itemStyle: { color: colour(severity) } },
    { xAxis: Math.min(new Date(resolved || last), last) },
  ]);
  return { silent: true, data, itemStyle: { opacity: 0.16 }, label: { position: "insideTopRight", color: colour("ink"), fontSize: 10 } };
}
