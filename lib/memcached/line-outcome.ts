/** What a line turned out to be, whichever parser read it. */

/** The answer to a line that is no command, or not a whole one. */
export const BAD_FORMAT = 'CLIENT_ERROR bad command line format';

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
