import type { Dialogue, Exchange } from './exchange.js';
export class BinaryDialogue implements Dialogue {
  readonly hasWork = false;
  readonly watching = false;
  readonly idle = true;
  readonly receivingData = false;
  #x: Exchange;
  constructor(x: Exchange) {
    this.#x = x;
  }
  step(): void {
    this.#x.closed = true;
  }
  close(): void {}
}
