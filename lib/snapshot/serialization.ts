/**
 * Any structured-cloneable value to bytes and back, by `node:v8`. What differs from `v8.serialize` is how
 * Buffers, typed arrays and DataViews within a value come back: with memory of their own, and not as slices of
 * the bytes read or of Node's pool, which a lone survivor would keep alive. As with structuredClone, instances
 * of classes come back as plain objects, and cycles are kept.
 *
 * Deserializing is for trusted bytes only. Both directions are linear in the size of the value.
 */

import { Deserializer, Serializer } from 'node:v8';

/** Kinds of views; a view's number in the file is its place here, so new ones go to the end. */
const VIEW_KINDS = [
  'Buffer',
  'DataView',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
];

/** The bytes of `value`. Throws for functions, symbols and whatever else cannot be cloned. */
export function serialize(value: unknown): Buffer {
  const serializer = new OwningSerializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

/** The value of these bytes, which it does not retain. Throws when they are damaged, or of a newer V8. */
export function deserialize(bytes: Buffer): unknown {
  const deserializer = new OwningDeserializer(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}

/** Methods whose names begin with `_` are Node's documented hooks, which its types leave out. */
interface HostObjectHooks {
  _setTreatArrayBufferViewsAsHostObjects(yes: boolean): void;
  writeRawBytes(bytes: ArrayBufferView): void;
}

class OwningSerializer extends Serializer {
  constructor() {
    super();
    (this as unknown as HostObjectHooks)._setTreatArrayBufferViewsAsHostObjects(true);
  }

  /** Called by V8 for views, and for objects that only C++ understands. */
  _writeHostObject(object: object): void {
    const kind = ArrayBuffer.isView(object) ? VIEW_KINDS.indexOf(kindOf(object)) : -1;
    if (kind === -1) throw new TypeError(`${Object.prototype.toString.call(object)} could not be cloned`);
    const view = object as ArrayBufferView;
    this.writeUint32(kind);
    this.writeUint32(view.byteLength);
    (this as unknown as HostObjectHooks).writeRawBytes(view);
  }
}

class OwningDeserializer extends Deserializer {
  _readHostObject(): ArrayBufferView {
    const kind = VIEW_KINDS[this.readUint32()];
    const bytes = this.readRawBytes(this.readUint32());
    const own = Buffer.allocUnsafeSlow(bytes.length);
    bytes.copy(own);
    if (kind === 'Buffer') return own;
    const View = (globalThis as unknown as Record<string, ViewConstructor | undefined>)[kind ?? ''];
    if (View === undefined) throw new TypeError(`there is no ${kind ?? 'such view'} in this version of Node`);
    return new View(own.buffer);
  }
}

type ViewConstructor = new (buffer: ArrayBufferLike) => ArrayBufferView;

function kindOf(view: ArrayBufferView): string {
  if (Buffer.isBuffer(view)) return 'Buffer';
  return (view as unknown as Record<symbol, string>)[Symbol.toStringTag] ?? '';
}
