// Keeps the files of this page, and nothing else, so that it opens and runs without its server. FILES and VERSION are
// filled in by the build. A newer version is fetched beside the old one, which serves its own files until it is told to go.
const FILES = [];
const VERSION = "";
const PREFIX = `tslira-studio ${self.registration.scope} `;
const CACHE = `${PREFIX}${VERSION}`;

self.addEventListener("install", (event) => {
  const requests = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// Asked by a page once it has loaded: caches older than this one go when no other tab may still show a page of theirs.
async function clean() {
  const tabs = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (tabs.length > 1) return;
  const ours = (await caches.keys()).filter((name) => name.startsWith(PREFIX)); // oldest first
  for (const name of ours.slice(0, Math.max(0, ours.indexOf(CACHE)))) await caches.delete(name);
}

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
  if (event.data === "clean") event.waitUntil(clean());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  const find = async () => {
    const page = { ignoreSearch: request.mode === "navigate" };
    const cache = await caches.open(CACHE);
    const own = await cache.match(request, page);
    if (own !== undefined) return own;
    // Another tab may show an older page, whose files have names of their own.
    for (const name of (await caches.keys()).filter((one) => one.startsWith(PREFIX))) {
      const older = await (await caches.open(name)).match(request, page);
      if (older !== undefined) return older;
    }
    return fetch(request);
  };
  event.respondWith(find());
});
