// Squares through a cache: ten runs of 2,000 random requests over 5,000 numbers, each run faster than the one before.
// Usage: node squares.mjs PORT [MILLISECONDS THAT A SQUARE TAKES]
import { setTimeout } from 'node:timers/promises';
import { Memcache } from 'memcache';

const [port, costMs = '0'] = process.argv.slice(2);
const cache = new Memcache({ nodes: [`127.0.0.1:${port}`] });
let hits = 0;

async function square(number) {
  const known = await cache.get(`square:${number}`);
  if (known !== undefined) {
    hits++;
    return Number(known);
  }
  if (costMs !== '0') await setTimeout(Number(costMs));
  const result = number * number;
  await cache.set(`square:${number}`, String(result));
  return result;
}

for (let run = 1; run <= 10; run++) {
  hits = 0;
  const startedAt = performance.now();
  for (let request = 0; request < 2000; request++) {
    const number = Math.floor(Math.random() * 5000);
    if ((await square(number)) !== number * number) throw new Error(`${number} squared is wrong`);
  }
  const ms = Math.round(performance.now() - startedAt);
  console.log(`run ${run}: ${((hits / 2000) * 100).toFixed(1)} % hits, ${ms} ms`);
}
await cache.disconnect();
