import { AsyncLocalStorage } from 'node:async_hooks';

/** Who does something: a caller with an API key, the operator, or Callbox of its own accord. */
export interface Actor {
  readonly type: 'api_key' | 'operator' | 'system';
  readonly id: string | null;
  readonly name: string | null;
}

/** Who does something, from where, in answer to which request. */
export interface Acting {
  readonly actor: Actor;
  readonly remoteIp: string | null;
  readonly requestId: string | null;
}

const system: Acting = {
  actor: { type: 'system', id: null, name: null },
  remoteIp: null,
  requestId: null,
};

const storage = new AsyncLocalStorage<{ acting: Acting }>();

/** Runs `work`, and all that it starts, as a request from `remoteIp` whose caller is not known yet. */
export function actingFor<Result>(
  { remoteIp, requestId }: Pick<Acting, 'remoteIp' | 'requestId'>,
  work: () => Result,
): Result {
  return storage.run({ acting: { actor: system.actor, remoteIp, requestId } }, work);
}

/** Says who the caller of the request under way is. */
export function identify(actor: Actor): void {
  const current = storage.getStore();
  if (current !== undefined) current.acting = { ...current.acting, actor };
}

/** Who is acting; Callbox itself where no request is under way. */
export function acting(): Acting {
  return storage.getStore()?.acting ?? system;
}
