/** What jsdom lacks and the panel or the application's packages use. */
class Observer {
  observe(): void {
    // nothing is ever resized here
  }
  unobserve(): void {
    // see observe
  }
  disconnect(): void {
    // see observe
  }
}

const lacking = {
  ResizeObserver: Observer,
  IntersectionObserver: Observer,
  DragEvent: class extends Event {},
  matchMedia: () => ({ matches: false, addEventListener: () => undefined })
};

for (const [name, value] of Object.entries(lacking)) {
  for (const place of [globalThis, window]) {
    if (!(place as unknown as Record<string, unknown>)[name]) {
      Object.defineProperty(place, name, { value, configurable: true });
    }
  }
}
// a list that is 0 pixels high shows nothing
for (const [name, pixels] of [
  ['offsetHeight', 600],
  ['offsetWidth', 300],
  ['clientHeight', 600],
  ['clientWidth', 300]
] as const) {
  Object.defineProperty(HTMLElement.prototype, name, {
    configurable: true,
    get: () => pixels
  });
}
