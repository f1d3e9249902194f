/** Work that is done again and again while somebody looks: nothing is asked of the server for a hidden page. */

/**
 * Does `work` at once and then every `intervalMs`, while `isWanted` says so and the page is visible. One that is
 * slow is not begun again before it ends. Errors are left to `work`. Returns what does it out of turn.
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
  const begin = (): void => void attempt();
  setInterval(begin, intervalMs);
  document.addEventListener('visibilitychange', begin);
  begin();
  return begin;
}

/** Tells whether any part of `target` is on the screen. */
export function watchSight(target: Element): () => boolean {
  let isSeen = false;
  new IntersectionObserver((entries) => {
    isSeen = entries.at(-1)?.isIntersecting ?? false;
  }).observe(target);
  return () => isSeen;
}
