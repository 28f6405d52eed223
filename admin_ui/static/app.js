// The page works without this. It only keeps a page that lay open on a phone from telling old news.
(() => {
  "use strict";
  const STALE_MS = 60000;
  const loaded = Date.now();
  const isForm = () => document.querySelector("main input:not([type=hidden])") !== null;
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !isForm() && Date.now() - loaded > STALE_MS) location.reload();
  });
})();
