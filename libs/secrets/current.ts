interface Dated {
  readonly id: string;
  readonly is_current: boolean;
  readonly expires_at: Date | null;
}

/** Whether a secret verifies at `nowMs`; expiry holds from its very millisecond on. */
export function isActive(secret: { readonly expires_at: Date | null }, nowMs: number): boolean {
  return secret.expires_at === null || secret.expires_at.getTime() > nowMs;
}

/**
 * The one secret of a use that counts, for signatures the one that redeliveries are signed with: the one marked current
 * or, once that has expired, the newest that is still active. Ids carry their time, so the newest has the greatest id.
 */
export function currentOf<Secret extends Dated>(secrets: readonly Secret[], nowMs: number): Secret | null {
  const active = secrets.filter((secret) => isActive(secret, nowMs));
  const newest = active.reduce<Secret | null>(
    (best, secret) => (best === null || secret.id > best.id ? secret : best),
    null,
  );
  return active.find((secret) => secret.is_current) ?? newest;
}

/** The current secrets of a source: each use has its own, and none is current for another one. */
export function currentByUse<Secret extends Dated & { readonly use: string }>(
  secrets: readonly Secret[],
  nowMs: number,
): Secret[] {
  const uses = [...new Set(secrets.map(({ use }) => use))];
  return uses.flatMap((use) => {
    const current = currentOf(
      secrets.filter((secret) => secret.use === use),
      nowMs,
    );
    return current === null ? [] : [current];
  });
}
