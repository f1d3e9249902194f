/** The collector, in children that run with --expose-gc. */

/** @param {{ type: 'minor' }} [options] */
export function collectGarbage(options) {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('run this with --expose-gc');
  if (options === undefined) gc();
  else gc(options);
}
