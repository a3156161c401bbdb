/// <reference lib="webworker" />
declare const self: ServiceWorkerGlobalScope;

export {};

/**
 * Keeps the page itself, so that the installed app opens and says that Homeostat does not answer when it does not. Data is
 * never kept: what is seen is from now, or it is not there.
 */
const KEPT = 'homeostat-page';
const FILES = ['./', 'app.js', 'app.css', 'icon.svg'];

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(KEPT)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const name =
    url.pathname === new URL('./', self.registration.scope).pathname ? './' : url.pathname.slice(1);
  if (request.method !== 'GET' || url.origin !== location.origin || !FILES.includes(name)) return;
  // A login link is used up by its first use.
  if (url.searchParams.has('token') || url.searchParams.has('login')) return;
  event.respondWith(newest(request, name));
});

/** From the server, which is near; what was kept only where it does not answer. */
async function newest(request: Request, name: string): Promise<Response> {
  const cache = await caches.open(KEPT);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(name, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(name);
    if (kept) return kept;
    throw error;
  }
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { url } = event.notification.data as { url: string };
  event.waitUntil(
    self.clients.matchAll({ type: 'window' }).then((pages) => {
      const [page] = pages;
      return page ? page.navigate(url).then((there) => there?.focus()) : self.clients.openWindow(url);
    }),
  );
});
