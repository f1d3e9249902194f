/** What a line turned out to be, whichever parser read it. */
export type LineOutcome =
  /** The request is complete. */
  | 'ready'
  /** `request.dataLength` bytes and a CRLF follow. */
  | 'data'
  /** The parser's `error` is the answer. */
  | 'error'
  /** As `error`, after `request.dataLength` bytes and a CRLF have been passed over. */
  | 'error-after-data'
  /** The connection ends without an answer. */
  | 'close';
