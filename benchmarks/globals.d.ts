/** What Node has and @types/node does not declare. */

interface Buffer {
  latin1Slice(start: number, end: number): string;
  ucs2Slice(start: number, end: number): string;
}

declare namespace NodeJS {
  interface Process {
    readonly moduleLoadList: readonly string[];
  }
}
