/** What a command can answer when it does not answer with items: the same for every protocol. */
export type Reply =
  | 'stored'
  | 'not-stored'
  | 'exists'
  | 'not-found'
  | 'deleted'
  | 'touched'
  | 'ok'
  | 'too-large'
  | 'out-of-memory'
  | 'bad-data'
  | 'non-numeric'
  | 'flush-not-allowed'
  | 'bad-exptime';
