/** Work that is done again and again while somebody looks: nothing is asked of the server for a hidden page. */

/**
 * Does `work` at once and then every `intervalMs`, while `isWanted` says so and the page is visible. One that is
 * slow is not begun again before it ends. Errors are left to `work`. Returns what does it now, and begins the turns anew.
 */
export function repeatWhileSeen(
  intervalMs: number,
  isWanted: () => boolean,
  work: () => Promise<void>,
): () => void {
  let isBusy = false;
  const attempt = async (): Promise<void> => {
    if (isBusy || document.hidden || !isWanted()) return;
    isBusy = true;
    try {
      await work();
    } finally {
      isBusy = false;
    }
  };
  let timer: ReturnType<typeof setInterval> | undefined;
  const begin = (): void => {
    clearInterval(timer);
    timer = setInterval(() => void attempt(), intervalMs);
    void attempt();
  };
  document.addEventListener('visibilitychange', begin);
  begin();
  return begin;
}

/** Tells whether any part of `target` is on the screen; `onSeen` is called when it comes there. */
export function watchSight(target: Element, onSeen: () => void): () => boolean {
  let isSeen = false;
  new IntersectionObserver((entries) => {
    isSeen = entries.at(-1)?.isIntersecting ?? false;
    if (isSeen) onSeen();
  }).observe(target);
  return () => isSeen;
}
