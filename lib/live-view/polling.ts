/** Polling that pauses while the page is hidden. */

/**
 * Calls `poll` at once and then every `intervalMs` while `isWanted` returns true and the page is visible. Calls never
 * overlap. `poll` handles its own errors. Returns a function that polls now and restarts the interval.
 */
export function pollWhileVisible(
  intervalMs: number,
  isWanted: () => boolean,
  poll: () => Promise<void>,
): () => void {
  let isBusy = false;
  const attempt = async (): Promise<void> => {
    if (isBusy || document.hidden || !isWanted()) return;
    isBusy = true;
    try {
      await poll();
    } finally {
      isBusy = false;
    }
  };
  let timer: ReturnType<typeof setInterval> | undefined;
  const restart = (): void => {
    clearInterval(timer);
    timer = setInterval(() => void attempt(), intervalMs);
    void attempt();
  };
  document.addEventListener('visibilitychange', restart);
  restart();
  return restart;
}

/** Returns whether any part of `target` is on the screen. `onVisible` is called when it comes into view. */
export function watchVisibility(target: Element, onVisible: () => void): () => boolean {
  let isVisible = false;
  new IntersectionObserver((entries) => {
    isVisible = entries.at(-1)?.isIntersecting ?? false;
    if (isVisible) onVisible();
  }).observe(target);
  return () => isVisible;
}
