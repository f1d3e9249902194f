/** The flags of a command line, told apart and checked for form; what they mean is settings.ts's. */

import { parseArgs } from 'node:util';
import { FLAGS, type FlagName, flagName } from './flags.js';
import { UsageError } from './usage-error.js';

export class Given {
  readonly #values = new Map<FlagName, string[]>();

  /** Throws a UsageError that names what is not a flag of ours. */
  constructor(argv: readonly string[]) {
    const names = Object.keys(FLAGS) as FlagName[];
    const byLongName = new Map<string, FlagName>(names.map((name) => [FLAGS[name].long, name]));
    const { tokens } = parseArgs({
      args: [...argv],
      options: Object.fromEntries(
        Object.values(FLAGS).map((flag) => [
          flag.long,
          {
            type: flag.takes === undefined ? ('boolean' as const) : ('string' as const),
            ...(flag.short === undefined ? {} : { short: flag.short }),
          },
        ]),
      ),
      // Not strict: `-p -1` has a value that looks like a flag, and our own messages say more.
      strict: false,
      tokens: true,
    });
    for (const token of tokens) {
      if (token.kind === 'option-terminator') continue;
      if (token.kind === 'positional')
        throw new UsageError(
          `unexpected argument "${token.value}"; hotset takes only flags: see hotset --help (with npm start, put -- before them)`,
        );
      const name = byLongName.get(token.name);
      if (name === undefined) throw new UsageError(`unknown flag ${token.rawName}; see hotset --help`);
      const { takes } = FLAGS[name];
      if (takes === undefined && token.value !== undefined)
        throw new UsageError(`${token.rawName} takes no value; got ${token.value}`);
      if (takes !== undefined && token.value === undefined)
        throw new UsageError(`${token.rawName} takes ${takes}; see hotset --help`);
      this.#values.set(name, [...this.all(name), token.value ?? '']);
    }
  }

  has(name: FlagName): boolean {
    return this.#values.has(name);
  }

  /** How often a flag stands there, with what values. */
  all(name: FlagName): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** The last one counts. */
  last(name: FlagName): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  /** A flag that takes a text: null when it does not stand there. */
  text(name: FlagName): string | null {
    const text = this.last(name);
    if (text === '') throw new UsageError(`${flagName(name)} takes ${FLAGS[name].takes}; got nothing`);
    return text ?? null;
  }

  wholeNumber(name: FlagName, otherwise: number, least: number, most: number): number {
    const text = this.last(name);
    if (text === undefined) return otherwise;
    const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= least && number <= most))
      throw new UsageError(`${flagName(name)} takes a whole number from ${least} to ${most}; got ${text}`);
    return number;
  }
}
