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

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith(PREFIX) && name !== CACHE;
  const clean = async () => {
    for (const name of (await caches.keys()).filter(old)) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

self.addEventListener("message", ({ data }) => {
  if (data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  const find = async () => {
    const cache = await caches.open(CACHE);
    return (await cache.match(request, { ignoreSearch: request.mode === "navigate" })) ?? fetch(request);
  };
  event.respondWith(find());
});
