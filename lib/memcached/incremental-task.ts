/** Work that is done in short steps, so that others have their turn between two. Closed when the client goes away. */

export type IncrementalTask = Iterator<void, void, undefined>;

/** The same with pieces of an answer; an empty one says that others should have their turn before the next. */
export type Lines = Iterator<string, void, undefined>;
