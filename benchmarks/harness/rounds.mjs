/** Rounds: all contenders in each, one after the other, and another one first each time. */

/** Says on the terminal that a round begins: a run may take long. */
export function announce(round, rounds) {
  console.log(`  round ${round + 1} of ${rounds}, ${new Date().toTimeString().slice(0, 8)}`);
}

/** The contenders of one round, rotated. */
export function rotated(contenders, round) {
  const first = round % contenders.length;
  return [...contenders.slice(first), ...contenders.slice(0, first)];
}

/** Calls `measure(contender, round)` for each; resolves to a Map of contender -> results by round. */
export async function inRounds(contenders, rounds, measure) {
  const results = new Map(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++)
    for (const contender of rotated(contenders, round))
      results.get(contender).push(await measure(contender, round));
  return results;
}
