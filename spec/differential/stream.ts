/** A stream: what a few connections send, packet by packet, and how the clock moves between the packets. */

import type { Random } from './random.js';

export type Protocol = 'text' | 'binary';

export interface Packet {
  readonly connection: number;
  /** Templates: see template.ts. */
  readonly commands: readonly string[];
  /** The packet comes in two parts. */
  readonly cut?: Cut;
  /** The client hangs up when it has its answers, or when it has sent the first part of a cut packet. */
  readonly hangsUp?: boolean;
}

export interface Cut {
  /** The share of its bytes in the first part. */
  readonly at: number;
  /** What happens before the second part comes, on other connections. */
  readonly meanwhile: readonly Step[];
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

export function commandsIn(steps: readonly Step[]): string[] {
  return steps.flatMap((step) =>
    isPause(step) ? [] : [...step.commands, ...commandsIn(step.cut?.meanwhile ?? [])],
  );
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
const CUT_SHARE = 0.12;
const HANG_UP_SHARE = 0.05;

export function randomStream(random: Random, { grammars, binaryShare }: StreamShape): Stream {
  const connections = Array.from(
    { length: random.weighted([[5, 1] as const, [3, 2] as const, [1, 3] as const]) },
    (): Protocol => (random.chance(binaryShare) ? 'binary' : 'text'),
  );
  const grammarOf = grammars();
  const pauses = random.chance(0.4) ? 0.15 : 0;

  /** Packets of connections that are not `busy` with half a packet; `before` may be answered later than these. */
  function someSteps(count: number, busy: readonly number[], before: readonly string[]): Step[] {
    const free = connections.flatMap((_, index) => (busy.includes(index) ? [] : [index]));
    const steps: Step[] = [];
    for (let left = count; left > 0; left--) {
      if (random.chance(pauses)) steps.push({ seconds: random.pick(PAUSES) });
      if (free.length > 0) steps.push(packet(random.pick(free), busy, before));
    }
    return steps;
  }

  function packet(connection: number, busy: readonly number[], before: readonly string[]): Packet {
    const grammar = grammarOf[connections[connection]!];
    const length = 1 + Math.floor(random.fraction() ** 2 * 30);
    const commands: string[] = [];
    while (commands.length < length) commands.push(grammar(random, [...before, ...commands]));
    const hangsUp = random.chance(HANG_UP_SHARE);
    if (!random.chance(CUT_SHARE)) return { connection, commands, hangsUp };
    const meanwhile = hangsUp
      ? []
      : someSteps(random.below(4), [...busy, connection], [...before, ...commands]);
    return { connection, commands, hangsUp, cut: { at: random.fraction(), meanwhile } };
  }

  return { connections, steps: someSteps(4 + random.below(30), [], []), cutSeed: random.below(2 ** 31) };
}
