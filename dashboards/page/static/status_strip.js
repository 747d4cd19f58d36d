// The status strip in the header: rate, latency, lag, last document, and the state of pipeline, detector and connection.

import { clearConnectionLost, showConnectionLost, showStopped } from "./banner.js";
import { $, write } from "./dom.js";
import { age, count, duration, fully, moment, some, whole } from "./format.js";

const REPLAY_SECONDS = 86400;
let lastUpdate = null;

function setState(id, name, label = name) {
  $(id).dataset.state = name;
  write($(id), label);
}

/** Show the state of the connection: "connecting", "live", "lost" or "refused". */
export function showConnection(name) {
  setState("connection", name);
  document.body.classList.toggle("stale", name === "lost");
  if (name === "lost") showConnectionLost(lastUpdate);
  else clearConnectionLost();
}

/** Show the latency since publication; in a replay, where every text is old, since collection. */
function showLatency(pipeline) {
  const replay = pipeline.published_p50 > REPLAY_SECONDS;
  const [p50, p99] = replay ? [pipeline.collected_p50, pipeline.collected_p99] : [pipeline.published_p50, pipeline.published_p99];
  write($("latency-since"), replay ? "Collected → stored" : "Published → stored");
  write($("latency"), p50 === null ? "–" : `p50 ${duration(p50)} · p99 ${duration(p99)}`);
}

/** Show the response of /api/health. */
export function showHealth(health) {
  const { now, pipeline, detector, last_document: last } = health;
  lastUpdate = now;
  write($("rate"), pipeline.state === "unknown" ? "–" : `${some(pipeline.rate_per_second)}/s`);
  showLatency(pipeline);
  write($("lag"), pipeline.lag === null ? "–" : whole(pipeline.lag));
  write($("last"), last ? `${duration(age(now, last.stored_at))} ago · ${moment(last.published_at)}` : "none");
  $("last").title = last ? `stored ${fully(last.stored_at)}, published ${fully(last.published_at)}` : "";
  const label = (state) => (state === "unknown" ? "no reports" : state);
  setState("pipeline", pipeline.state, label(pipeline.state));
  setState("detector", detector.state, label(detector.state));
  const { workers, duplicates, rejected } = pipeline;
  $("pipeline").title = `${count(workers, "worker")}; ${count(duplicates, "duplicate")}, ${whole(rejected)} rejected`;
  $("detector").title = detector.evaluated_until ? `evaluated until ${fully(detector.evaluated_until)}` : "";
  showStopped(health);
}
