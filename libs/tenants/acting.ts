import { Scope } from '#database';

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

const scope = new Scope<{ acting: Acting; leave: () => void }>();

/** Begins `work` as a request from `remoteIp` whose caller is not known yet; all that it starts is too, until `leave` is called. */
export function actingFor(
  { remoteIp, requestId }: Pick<Acting, 'remoteIp' | 'requestId'>,
  work: (leave: () => void) => void,
): void {
  const request = { acting: { actor: system.actor, remoteIp, requestId }, leave: (): void => undefined };
  scope.begin(request, (leave) => {
    request.leave = leave;
    work(leave);
  });
}

/** For a request whose answer goes on for long, but does nothing more that would be written down. */
export function stopActing(): void {
  scope.get()?.leave();
}

/** Says who the caller of the request under way is. */
export function identify(actor: Actor): void {
  const current = scope.get();
  if (current !== undefined) current.acting = { ...current.acting, actor };
}

/** Who is acting; Callbox itself where no request is under way. */
export function acting(): Acting {
  return scope.get()?.acting ?? system;
}
