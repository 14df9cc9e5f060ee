import type { Duplicates, Target } from './load/load-spec.js';
import {
  type BenchedCallbox,
  type Measured,
  type PlainDatabase,
  startBare,
  startCallbox,
  startNest,
  startPlainDatabase,
} from './servers.js';
import { EVENT_ID_HEADER, hmacSigning, hmacSource, qstashSource } from './sources.js';

/** One way of taking callbacks, to be compared with the others. */
export interface Arm {
  readonly key: 'bare' | 'nest' | 'callbox' | 'qstash' | 'duplicates-half' | 'duplicates-all';
  readonly title: string;
  readonly server: Measured;
  readonly target: Target;
  readonly duplicates: Duplicates;
}

/** The arms, each with its server running; those of Callbox have a process and a database each. */
export interface Arms {
  readonly list: readonly Arm[];
  readonly plain: PlainDatabase;
  stop(): Promise<void>;
}

/** Starts everything that is compared. */
export async function startArms(): Promise<Arms> {
  const plain = await startPlainDatabase();
  const [bare, nest] = [await startBare(), await startNest(plain)];
  const callboxes: BenchedCallbox[] = [];
  const arm = async (
    names: Pick<Arm, 'key' | 'title'>,
    makeSource: (callbox: BenchedCallbox, slug: string) => Promise<Target>,
    duplicates: Duplicates = 'none',
  ): Promise<Arm> => {
    const server = await startCallbox();
    callboxes.push(server);
    return { ...names, server, target: await makeSource(server, 'bench'), duplicates };
  };
  const compared = (server: Measured & { url: string; secret: string }) => ({
    server,
    target: { url: server.url, signing: hmacSigning(server.secret), eventIdHeader: EVENT_ID_HEADER },
    duplicates: 'none' as const,
  });
  const list: Arm[] = [
    { key: 'bare', title: 'a  bare Fastify + HMAC, nothing stored', ...compared(bare) },
    { key: 'nest', title: 'b  Nest + TypeORM, one INSERT per request', ...compared(nest) },
    await arm({ key: 'callbox', title: 'c  Callbox, HMAC' }, hmacSource),
    await arm({ key: 'qstash', title: 'd  Callbox, QStash (JWT)' }, qstashSource),
    await arm(
      { key: 'duplicates-half', title: 'e  Callbox, every second one a duplicate' },
      hmacSource,
      'half',
    ),
    await arm({ key: 'duplicates-all', title: 'e  Callbox, nearly all duplicates' }, hmacSource, 'all'),
  ];
  const servers = [bare, nest, ...callboxes];
  return {
    list,
    plain,
    stop: async () => {
      for (const server of servers) await server.stop();
      await plain.stop();
    },
  };
}
