import type { IncomingMessage } from 'node:http';
import type { Settings } from '#config';
import { receivedCallback } from '#events';
import type { RejectionKeeper } from '#rejections';
import type { PublishedDocuments } from '#signatures';
import { targetOf } from '#sources';
import type { Outcome } from './receive.js';
import { remoteIp } from './remote-ip.js';

interface NoteDependencies {
  readonly keeper: RejectionKeeper;
  readonly settings: Pick<Settings, 'publicUrl' | 'trustedProxies'>;
  readonly published: PublishedDocuments;
}

/** Hands a refused callback on to be kept; to be called once it has been answered. */
export function noteRejection(
  outcome: Outcome,
  request: IncomingMessage,
  { keeper, settings, published }: NoteDependencies,
): void {
  if (outcome.kind !== 'rejected') return;
  const target = targetOf(request.url ?? '');
  keeper.note({
    source: outcome.source,
    reason: outcome.reason,
    callback: outcome.callback ?? receivedCallback(request, settings.publicUrl + target, Buffer.alloc(0)),
    target,
    remoteIp: remoteIp(request, settings.trustedProxies),
    published,
  });
}
