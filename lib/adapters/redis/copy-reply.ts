/**
 * Copies a reply, so that a caller who changes it does not change what is cached. Unlike `structuredClone` it keeps Buffers
 * and prototypes, returns texts and numbers as they are, and makes no Buffer a slice of a larger one. O(size).
 */
export function copyReply<T>(reply: T): T {
  return copied(reply) as T;
}

function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copied);
  if (Buffer.isBuffer(value)) return copiedBuffer(value);
  if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [copied(key), copied(item)]));
  if (value instanceof Set) return new Set(Array.from(value, copied));
  // Neither changes: texts with a format, and errors inside of an array.
  if (value instanceof String || value instanceof Error) return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return structuredClone(value);
  const copy = Object.create(prototype);
  // Not by assignment: `__proto__` is an ordinary name of a field.
  for (const [name, item] of Object.entries(value))
    Object.defineProperty(copy, name, {
      value: copied(item),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  return copy;
}

function copiedBuffer(buffer: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(buffer.length);
  buffer.copy(copy);
  return copy;
}
