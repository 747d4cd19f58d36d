// Server-sent events, with a watchdog that reconnects when an open connection is silent.

const SILENCE_MS = 30000; // the server sends an event about every two seconds
const RETRY_MS = 3000;
const CHECK_MS = 1000;
const NAMES = ["hello", "documents", "health", "alerts", "mood", "expired", "store_unavailable"];

/**
 * Subscribe until the page is closed.
 * `onEvent(name, data)` is called for every event; `onOpen(again)` when a connection is open, with `again` true after a loss;
 * `onLost(reason)` when it is lost: "closed" or "silent".
 */
export function subscribe({ onEvent, onOpen, onLost }) {
  let source = null;
  let last = performance.now();
  let connected = false;
  let failed = false;
  let retry = null;

  function open() {
    clearTimeout(retry);
    source?.close();
    last = performance.now();
    const mine = new EventSource("/api/events");
    source = mine;
    for (const name of NAMES) {
      mine.addEventListener(name, (event) => {
        if (mine !== source) return;
        last = performance.now();
        if (!connected) onOpen(failed);
        connected = true;
        failed = false;
        onEvent(name, event.data ? JSON.parse(event.data) : {});
      });
    }
    mine.addEventListener("error", () => {
      if (mine !== source) return;
      fail("closed");
      // the browser reconnects on its own, except after a response that is not a stream
      if (mine.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
    });
  }

  function fail(reason) {
    failed = true;
    connected = false;
    onLost(reason);
  }

  setInterval(() => {
    if (performance.now() - last < SILENCE_MS) return;
    fail("silent");
    open();
  }, CHECK_MS);
  addEventListener("online", open);
  open();
}
