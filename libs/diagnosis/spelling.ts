/** A body as somebody else may have written it. */
export interface Spelling {
  /** Completes “the body …”. */
  readonly how: string;
  /** How many characters it takes to make, about: to be asked for before it is made. */
  readonly work: number;
  readonly make: () => Buffer | string;
  /** Default: the same document, written anew. */
  readonly isReserialized?: boolean;
}
