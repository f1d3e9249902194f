/**
 * What a socket reads, on its way to its connection.
 *
 * `SharedReads` lets all connections of a server read into one buffer: a read makes no buffer, no chunk and no event. It
 * rests on two things that Node does not document: the listening handle's `onconnection`, which gets the client's handle
 * before there is a socket, and the `handle` option of `Socket` (`onread` is documented). Where either is missing,
 * connections arrive as plain streams, as they do over TLS.
 */

import { type Server, Socket, type SocketConstructorOpts } from 'node:net';

/** Takes what a socket reads. */
export interface Reader {
  /** `chunk` may be overwritten when this has returned. */
  onData(chunk: Buffer): void;
  /** Where the next bytes are to be read; null where that does not matter. Looked at after each read. */
  readonly place: Buffer | null;
  /** So many bytes have been read, to the place. */
  onPlaced(bytes: number): void;
}

export interface Input {
  readonly socket: Socket;
  begin(reader: Reader): void;
  /** What is read from here on is discarded. */
  stop(): void;
  /** No read goes to the reader's place any more: its memory may be given back. */
  leavePlace(): void;
}

/** Large enough for what a usual client sends at once; small enough to stay in a processor's first cache. */
const READ_BYTES = 16 * 1024;
/** After a large value: another one of 64 kB is read at once, and copied while it is warm, which is cheaper than a second read. */
const LONG_READ_BYTES = 80 * 1024;
/** So many connections may read as much: what a blocked one has read is kept. */
export const LONG_READERS_MAX = 128;
/** After a value that is larger still: the line of the next one, whose data then goes to its place uncopied. */
const LINE_READ_BYTES = 512;
/** A Buffer over so few bytes costs more to make than to keep: requests are of few lengths. */
const KEPT_VIEW_MAX_BYTES = 1024;

/** A client's handle, as far as it is known here. */
interface ClientHandle {
  useUserBuffer(buffer: Uint8Array): void;
}

type OnConnection = (this: unknown, error: number, client?: Partial<ClientHandle>) => void;

interface ListeningServer {
  readonly _handle?: { onconnection?: OnConnection | undefined } | null | undefined;
}

export class SharedReads {
  readonly memory: Buffer = Buffer.allocUnsafeSlow(LONG_READ_BYTES);
  longReaders = 0;
  /** The first n bytes, for each small n that has been read. */
  readonly #views: (Buffer | undefined)[] = new Array(KEPT_VIEW_MAX_BYTES + 1).fill(undefined);

  view(bytes: number): Buffer {
    if (bytes > KEPT_VIEW_MAX_BYTES) return this.memory.subarray(0, bytes);
    let view = this.#views[bytes];
    if (view === undefined) {
      view = this.memory.subarray(0, bytes);
      this.#views[bytes] = view;
    }
    return view;
  }

  /** From here on `server`, which listens, hands its connections to `onInput` instead of emitting `connection`. */
  accept(server: Server, onInput: (input: Input) => void): void {
    const listening = (server as ListeningServer)._handle;
    const plainly = listening?.onconnection;
    if (!listening || typeof plainly !== 'function') return;
    const shared = this;
    listening.onconnection = function (error, client) {
      if (error || typeof client?.useUserBuffer !== 'function') plainly.call(this, error, client);
      else onInput(new SharedInput(client as ClientHandle, shared));
    };
  }
}

/** A socket that reads into the shared buffer, or to a place that its reader has named. */
export class SharedInput implements Input {
  readonly socket: Socket;
  private readonly handle: ClientHandle;
  private readonly shared: SharedReads;
  private reader: Reader | null = null;
  /** The next read goes to the reader's place. */
  private isPlaced = false;
  /** How much a read takes that is not placed. */
  private room = 0;
  private lastBytes = 0;
  /** The last read that was not placed, and all that were placed since. */
  private requestBytes = 0;

  constructor(handle: ClientHandle, shared: SharedReads) {
    this.handle = handle;
    this.shared = shared;
    const options = {
      handle,
      // A client may shut its side down after its last request and still read the replies.
      allowHalfOpen: true,
      onread: {
        buffer: () => this.nextBuffer(),
        callback: (bytes: number) => this.onRead(bytes),
      },
    };
    this.socket = new Socket(options as SocketConstructorOpts);
    this.socket.once('close', () => this.setRoom(0));
  }

  begin(reader: Reader): void {
    this.reader = reader;
  }

  stop(): void {
    this.reader = null;
    this.leavePlace();
  }

  leavePlace(): void {
    if (!this.isPlaced) return;
    this.isPlaced = false;
    this.setRoom(READ_BYTES);
    this.handle.useUserBuffer(this.shared.view(READ_BYTES));
  }

  private onRead(bytes: number): boolean {
    this.lastBytes = bytes;
    this.requestBytes = this.isPlaced ? this.requestBytes + bytes : bytes;
    if (this.isPlaced) this.reader!.onPlaced(bytes);
    else this.reader?.onData(this.shared.view(bytes));
    return true;
  }

  /** Node asks once at the beginning, and after each read; it goes on with the same buffer where it gets none. */
  private nextBuffer(): Buffer | undefined {
    const { reader, shared } = this;
    const place = reader === null ? null : reader.place;
    if (place !== null) {
      this.isPlaced = true;
      return place;
    }
    const room = reader === null ? READ_BYTES : this.nextRoom();
    if (room === this.room && !this.isPlaced) return undefined;
    this.isPlaced = false;
    this.setRoom(room);
    return shared.view(room);
  }

  private setRoom(bytes: number): void {
    if (this.room === LONG_READ_BYTES) this.shared.longReaders--;
    if (bytes === LONG_READ_BYTES) this.shared.longReaders++;
    this.room = bytes;
  }

  /** What the client sends next is likely to be as large as what it has sent last. */
  private nextRoom(): number {
    const { room, lastBytes, shared } = this;
    if (this.isPlaced) {
      if (this.requestBytes > LONG_READ_BYTES) return LINE_READ_BYTES;
      return room === LONG_READ_BYTES || shared.longReaders < LONG_READERS_MAX ? LONG_READ_BYTES : READ_BYTES;
    }
    const fits = room === LINE_READ_BYTES ? lastBytes < room : lastBytes > READ_BYTES;
    return fits ? room : READ_BYTES;
  }
}

/** A socket of which nothing is known, such as one with TLS. */
export class StreamInput implements Input {
  readonly socket: Socket;
  #stop: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
  }

  begin(reader: Reader): void {
    this.#stop = readDirectly(this.socket, (chunk) => reader.onData(chunk));
  }

  stop(): void {
    this.#stop();
  }

  leavePlace(): void {}
}

/** Calls `onData` with each chunk; returns a function that stops it. */
export function readDirectly(socket: Socket, onData: (chunk: Buffer) => void): () => void {
  const { push } = socket;
  socket.on('data', onData);
  socket.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk === null || socket.readableFlowing !== true || socket.readableLength > 0)
      return push.call(socket, chunk, encoding);
    onData(chunk);
    return true;
  };
  return () => {
    socket.push = push;
    socket.off('data', onData);
  };
}
