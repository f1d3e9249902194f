/** A stream: what a few connections send, packet by packet, and how the clock moves between the packets. */

import type { Random } from './random.js';

export type Protocol = 'text' | 'binary';

export interface Packet {
  readonly connection: number;
  /** Templates: see template.ts. */
  readonly commands: readonly string[];
}

export interface Pause {
  readonly seconds: number;
}

export type Step = Packet | Pause;

export interface Stream {
  /** What each connection speaks. */
  readonly connections: readonly Protocol[];
  readonly steps: readonly Step[];
  /** How hotset's input is cut into pieces. */
  readonly cutSeed: number;
}

export function isPause(step: Step): step is Pause {
  return 'seconds' in step;
}

export function requestsIn(stream: Stream): number {
  return stream.steps.reduce((sum, step) => sum + (isPause(step) ? 0 : step.commands.length), 0);
}

/** One command that may follow those `before` it in a packet. */
export type Grammar = (random: Random, before: readonly string[]) => string;

export interface StreamShape {
  /** Made anew for each stream. */
  readonly grammars: () => Readonly<Record<Protocol, Grammar>>;
  /** How often a connection speaks binary. */
  readonly binaryShare: number;
}

const PAUSES = [1, 1, 1, 2, 3, 5, 40, 100, 3600];

export function randomStream(random: Random, { grammars, binaryShare }: StreamShape): Stream {
  const connections = Array.from(
    { length: random.weighted([[5, 1] as const, [3, 2] as const, [1, 3] as const]) },
    (): Protocol => (random.chance(binaryShare) ? 'binary' : 'text'),
  );
  const grammarOf = grammars();
  const steps: Step[] = [];
  const pauses = random.chance(0.4) ? 0.15 : 0;
  for (let left = 4 + random.below(30); left > 0; left--) {
    if (random.chance(pauses)) steps.push({ seconds: random.pick(PAUSES) });
    const connection = random.below(connections.length);
    const grammar = grammarOf[connections[connection]!];
    const length = 1 + Math.floor(random.fraction() ** 2 * 30);
    const commands: string[] = [];
    while (commands.length < length) commands.push(grammar(random, commands));
    steps.push({ connection, commands });
  }
  return { connections, steps, cutSeed: random.below(2 ** 31) };
}
