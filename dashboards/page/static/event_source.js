// Server-sent events, and a watchdog for connections that are open but silent.

const SILENCE_MS = 30000; // the server says something about every two seconds
const RETRY_MS = 3000;
const LOOK_MS = 1000;
const NAMES = ["hello", "documents", "health", "alerts", "mood", "trouble"];

/**
 * Listen until the page is closed.
 * `heard(name, data)` is called for every event; `opened(again)` when a connection stands, `again` when one had been lost before;
 * `lost(reason)` when it is gone: "closed" or "silent".
 */
export function listen({ heard, opened, lost }) {
  let source = null;
  let last = performance.now();
  let stands = false;
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
        if (!stands) opened(failed);
        stands = true;
        failed = false;
        heard(name, event.data ? JSON.parse(event.data) : {});
      });
    }
    mine.addEventListener("error", () => {
      if (mine !== source) return;
      fail("closed");
      // the browser connects again by itself, except after an answer that was no stream
      if (mine.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
    });
  }

  function fail(reason) {
    failed = true;
    stands = false;
    lost(reason);
  }

  setInterval(() => {
    if (performance.now() - last < SILENCE_MS) return;
    fail("silent");
    open();
  }, LOOK_MS);
  addEventListener("online", open);
  open();
}
