import type { KnownSecret } from './refused.js';

/** One thing that a sender did otherwise, proven by a signature that fits once it is taken into account. */
export type Finding =
  | { readonly kind: 'secret'; readonly secret: KnownSecret }
  | { readonly kind: 'secret_form'; readonly secret: KnownSecret; readonly how: string }
  | { readonly kind: 'algorithm'; readonly name: string }
  | { readonly kind: 'url'; readonly claimed: string }
  | { readonly kind: 'body'; readonly how: string; readonly isReserialized: boolean }
  | { readonly kind: 'header'; readonly found: string; readonly expected: string }
  | {
      readonly kind: 'spelling';
      readonly header: string;
      readonly found: string;
      readonly expected: string | null;
      readonly isTime: boolean;
    }
  | { readonly kind: 'clock'; readonly cause: string; readonly isUnit: boolean };
