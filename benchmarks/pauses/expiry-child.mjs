/**
 * Runs in a process of its own: stores entries with one time to live in one go, waits until all have expired,
 * and lets them go as the scenario says. Prints JSON: the longest single call, and the longest turn of the event
 * loop from the end of storing. Arguments: scenario, entries, time to live in ms.
 *
 * Turns are measured by a chain of setImmediate, so that the loop never waits: the time from one to the
 * next is what everything else would have had to wait.
 */

import { setTimeout } from 'node:timers/promises';
import { loadContender } from '../caches/index.mjs';
import { keyKinds, values } from '../workloads/keys.mjs';
import { CallTimes } from './call-times.mjs';
import { CollectorWatch } from './collector.mjs';
import { scenarios } from './expiry-scenarios.mjs';

const MAX_TURNS = 8_000_000;
const AFTER_MS = 50;
const TIMER_GRACE_MS = 20_000;

const [scenarioName, entryText, ttlText] = process.argv.slice(2);
const entries = Number(entryText);
const ttlMs = Number(ttlText);
const scenario = scenarios[scenarioName];
const contender = await loadContender(scenario.contender);
const keyOf = keyKinds.short(entries);
const newKeyOf = (i) => keyOf(entries + i);
const value = values[0];

const calls = new CallTimes(entries + 1);
const turns = new CallTimes(MAX_TURNS);
const watch = new CollectorWatch();

const cache = contender.createWithTtl(entries, { key: keyOf(0), value }, ttlMs, scenario.timer);
for (let i = 0; i < entries; i++) cache.set(keyOf(i), value);
const storedAt = performance.now();
let turned = storedAt;
let watching = true;
(function watchTurns() {
  const now = performance.now();
  if (turns.count < MAX_TURNS) turns.add(turned, now);
  turned = now;
  if (watching) setImmediate(watchTurns);
})();

if (scenario.act === undefined) {
  const deadline = storedAt + ttlMs + TIMER_GRACE_MS;
  while (sizeOf() > 0 && performance.now() < deadline) await setTimeout(10);
} else {
  await setTimeout(ttlMs + AFTER_MS);
  await scenario.act(cache, { call, turn, keyOf, newKeyOf, entries, value });
}
await turn();
watching = false;
const pauses = await watch.pauses();
watch.stop();
const figures = { turns: turns.summary(pauses), left: sizeOf() };
if (calls.count > 0) figures.calls = calls.summary(pauses);
// Some libraries keep a timer that holds the process open.
process.stdout.write(JSON.stringify(figures), () => process.exit());

function call(work) {
  const start = performance.now();
  work();
  calls.add(start, performance.now());
}

function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}

function sizeOf() {
  return cache.size ?? cache.getStats().keys;
}
