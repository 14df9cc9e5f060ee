import type { Settings } from '#config';
import type { MetricsSnapshot } from '#metrics';
import type { Welcome } from './bootstrap.js';

/** What the primary process says to a member. It is said over a pipe between the two, so keys may be in it. */
export type ToMember =
  | { readonly kind: 'serve'; readonly settings: Settings; readonly bootstraps: boolean }
  | { readonly kind: 'tell_metrics'; readonly id: number }
  | { readonly kind: 'metrics_sum'; readonly id: number; readonly text: string | null }
  | { readonly kind: 'stop' };

/** What a member says to the primary process. */
export type FromMember =
  | { readonly kind: 'listening' }
  | { readonly kind: 'ready'; readonly welcome: Welcome | null }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'metrics_told'; readonly id: number; readonly metrics: MetricsSnapshot }
  | { readonly kind: 'metrics_asked'; readonly id: number };

/** Whether a message is one of ours; others use the same pipe. */
export function isOurs<Message extends ToMember | FromMember>(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'kind' in message;
}
