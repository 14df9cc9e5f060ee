import { type Problem, problem } from '#errors';

const COME_AGAIN_SECONDS = '5';

interface Limits {
  readonly streams: number;
  readonly streamsPerTenant: number;
}

/** How many streams may be open at a time, in all and of one tenant. */
export class Quota {
  readonly #ofTenant = new Map<string, number>();
  #total = 0;

  constructor(private readonly limits: Limits) {}

  /** Whether a tenant holds any. */
  has(tenantId: string): boolean {
    return this.#ofTenant.has(tenantId);
  }

  /** Takes a place, or throws the problem to answer with. Calling what it returns gives the place back, once. */
  take(tenantId: string): () => void {
    const own = this.#ofTenant.get(tenantId) ?? 0;
    if (own >= this.limits.streamsPerTenant) throw tooManyOfTenant(this.limits.streamsPerTenant);
    if (this.#total >= this.limits.streams) throw tooMany();
    this.#total += 1;
    this.#ofTenant.set(tenantId, own + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#total -= 1;
      const left = (this.#ofTenant.get(tenantId) ?? 1) - 1;
      if (left === 0) this.#ofTenant.delete(tenantId);
      else this.#ofTenant.set(tenantId, left);
    };
  }
}

/** The problem to answer with when this process takes no more streams. */
export function tooMany(): Problem {
  return problem('unavailable', {
    detail: 'This process holds as many streams as it may',
    headers: { 'retry-after': COME_AGAIN_SECONDS },
  });
}

function tooManyOfTenant(most: number): Problem {
  return problem('too_many_requests', {
    detail: `A tenant may hold ${most} streams open at a process`,
    headers: { 'retry-after': COME_AGAIN_SECONDS },
  });
}
