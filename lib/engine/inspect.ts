/** What `console.log` shows of a cache in Node. */

/** Lets `console.log` show what `toJSON` gives, behind a name. */
export function inspectAsJson(prototype: { toJSON(): object }, name: string): void {
  function inspected(
    this: typeof prototype,
    _depth: number,
    options: object,
    inspect: (value: object, options: object) => string,
  ): string {
    return `${name} ${inspect(this.toJSON(), options)}`;
  }
  Object.defineProperty(prototype, Symbol.for('nodejs.util.inspect.custom'), { value: inspected });
}
