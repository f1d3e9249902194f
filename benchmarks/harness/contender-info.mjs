/** What results keep of each contender beside its figures, so that a report can be made from them alone. */

import { availableContenders } from '../caches/index.mjs';

/**
 * The contenders that can run, of those that `only` (a RegExp on names, or undefined) and `always` leave, as
 * name -> what it is. Says on the terminal what is missing.
 */
export async function contenderInfo(names, only, always = []) {
  const wanted = names.filter((name) => only === undefined || only.test(name) || always.includes(name));
  const { available, missing } = await availableContenders(wanted);
  for (const line of missing) console.log(`  ${line}`);
  return {
    info: Object.fromEntries([...available].map(([name, module]) => [name, infoOf(module)])),
    missing,
  };
}

function infoOf(module) {
  return {
    does: module.does,
    exactLru: module.exactLru,
    unbounded: module.unbounded === true,
    floor: module.floor === true,
    stringKeysOnly: module.stringKeysOnly === true,
    onlyIn: module.onlyIn,
    withTtl: module.createWithTtl !== undefined,
    features: module.features,
  };
}
