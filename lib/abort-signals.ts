/**
 * One listener for each AbortSignal, however many calls share it: Node warns of a leak at the eleventh listener.
 *
 * The registry is global because signals are: two caches and a client may watch the same one. It holds a signal's
 * callbacks only while a call watches that signal.
 */

interface Watched {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const watchedSignals: WeakMap<AbortSignal, Watched> = new WeakMap();

/**
 * Calls `callback` once, when `signal` is aborted. The callback is a function of this call alone, and throws nothing.
 * Returns a function that stops watching. O(1).
 */
export function watchAbort(signal: AbortSignal, callback: () => void): () => void {
  const watched = watchedSignals.get(signal) ?? listenTo(signal);
  watched.callbacks.add(callback);
  return () => {
    if (!watched.callbacks.delete(callback) || watched.callbacks.size > 0) return;
    watchedSignals.delete(signal);
    signal.removeEventListener('abort', watched.listener);
  };
}

function listenTo(signal: AbortSignal): Watched {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    for (const callback of callbacks) callback();
  };
  signal.addEventListener('abort', listener, { once: true });
  const watched = { callbacks, listener };
  watchedSignals.set(signal, watched);
  return watched;
}
