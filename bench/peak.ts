import type { BenchContext } from './bench-context.js';
import type { Target } from './load/load-spec.js';
import { median } from './measure.js';
import type { Measured } from './servers.js';
import { settle, takeTurn, type Turn } from './turn.js';

const TURNS = 3;

/** What a server takes at most, as a part's own yardstick. */
export interface Peak {
  readonly perSecond: number;
  readonly turns: readonly Turn[];
}

/** The median of a few saturating runs, after one that only warms up. */
export async function measurePeak(
  { options, generator, progress }: BenchContext,
  server: Measured,
  target: Target,
): Promise<Peak> {
  const turns: Turn[] = [];
  for (let count = 0; count <= TURNS; count += 1) {
    await settle();
    const turn = await takeTurn(generator, server, {
      targets: [target],
      bodyBytes: 1_024,
      connections: options.connections,
      warmUpSeconds: 1,
      seconds: count === 0 ? 1 : options.seconds,
      duplicates: 'none',
    });
    if (turn.violations.length > 0) throw new Error(turn.violations.join('; '));
    if (count > 0) turns.push(turn);
  }
  const perSecond = median(turns.map(({ result }) => result.perSecond));
  progress(`peak ${Math.round(perSecond)}/s`);
  return { perSecond, turns };
}
