import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ipaddr from 'ipaddr.js';
import { SystemResolver } from './name-resolver.js';

const TYPE_A = 1;
const TYPE_CNAME = 5;
const TYPE_AAAA = 28;
const NXDOMAIN = 3;
const SERVFAIL = 2;

interface Script {
  readonly addresses?: readonly string[];
  readonly alias?: string;
  readonly errorCode?: number;
  /** Query types that are never answered. */
  readonly silentTypes?: readonly number[];
}

const encodeName = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);

const record = (name: Buffer, type: number, data: Buffer): Buffer => {
  const head = Buffer.from([0, type, 0, 1, 0, 0, 0, 0, 0, 0]); // class IN, lifetime 0
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([name, head, data]);
};

/** Answers one query as scripted, or `null` for silence. */
function answerTo(query: Buffer, scripts: Record<string, Script>, asked: string[]): Buffer | null {
  const labels: string[] = [];
  let offset = 12;
  for (let length = query[offset] ?? 0; length > 0; length = query[offset] ?? 0) {
    labels.push(query.toString('latin1', offset + 1, offset + 1 + length));
    offset += length + 1;
  }
  const name = labels.join('.').toLowerCase();
  const type = query.readUInt16BE(offset + 1);
  asked.push(name);
  const script = scripts[name] ?? { errorCode: NXDOMAIN };
  if (script.silentTypes?.includes(type)) return null;
  const owner = encodeName(script.alias ?? name);
  const records = (script.addresses ?? [])
    .map((address) => ipaddr.parse(address))
    .filter((address) => (address.kind() === 'ipv4' ? TYPE_A : TYPE_AAAA) === type)
    .map((address) => record(owner, type, Buffer.from(address.toByteArray())));
  if (script.alias !== undefined)
    records.unshift(record(encodeName(name), TYPE_CNAME, encodeName(script.alias)));
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180 | (script.errorCode ?? 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(12, offset + 5), ...records]);
}

describe('SystemResolver', () => {
  const asked: string[] = [];
  const scripts: Record<string, Script> = {
    'both.test': { addresses: ['93.184.215.14', '93.184.215.15', '2606:4700::1111'] },
    'alias.test': { alias: 'inside.test', addresses: ['10.0.0.1'] },
    'half.test': { addresses: ['93.184.215.14'], silentTypes: [TYPE_AAAA] },
    'silent.test': { silentTypes: [TYPE_A, TYPE_AAAA] },
    'servfail.test': { errorCode: SERVFAIL },
    'nothing.test': {},
  };
  let server: Socket;
  let directory: string;
  let resolver: SystemResolver;

  beforeAll(async () => {
    server = createSocket('udp4');
    server.on('message', (query, peer) => {
      const answer = answerTo(query, scripts, asked);
      if (answer !== null) server.send(answer, peer.port, peer.address);
    });
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    directory = mkdtempSync(join(tmpdir(), 'hosts-'));
    const hostsFile = join(directory, 'hosts');
    writeFileSync(
      hostsFile,
      '# local\n127.0.0.1\tlocalhost Receiver.Local # mine\r\n::1 localhost\nfe80::1%lo0 localhost\n10.1.1.1 db\nnonsense here\n',
    );
    resolver = new SystemResolver({
      servers: [`127.0.0.1:${server.address().port}`],
      timeoutMs: 400,
      hostsFile,
    });
  });

  afterAll(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });

  it('gives the addresses of both families', async () => {
    expect([...(await resolver.resolve('both.test'))].sort()).toEqual([
      '2606:4700::1111',
      '93.184.215.14',
      '93.184.215.15',
    ]);
  });

  it('follows an alias to the address that counts', async () => {
    expect(await resolver.resolve('alias.test')).toEqual(['10.0.0.1']);
  });

  it.each(['servfail.test', 'unknown.test', 'nothing.test'])(
    'gives nothing for %s instead of failing',
    async (name) => {
      expect(await resolver.resolve(name)).toEqual([]);
    },
  );

  it('ends in time when the name server is silent, and uses the family that answered', async () => {
    const startedAt = performance.now();
    const found = await Promise.all([resolver.resolve('silent.test'), resolver.resolve('half.test')]);
    expect(found).toEqual([[], ['93.184.215.14']]);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it('knows the hosts file, whatever the case and with a trailing dot, and leaves addresses with a zone out', async () => {
    asked.length = 0;
    expect(await resolver.resolve('localhost')).toEqual(['127.0.0.1', '::1']);
    expect(await resolver.resolve('LOCALHOST.')).toEqual(['127.0.0.1', '::1']);
    expect(await resolver.resolve('receiver.local')).toEqual(['127.0.0.1']);
    expect(await resolver.resolve('db')).toEqual(['10.1.1.1']);
    expect(asked).toEqual([]);
  });

  it('never asks a name server for localhost or a name below it', async () => {
    asked.length = 0;
    const withoutHosts = new SystemResolver({
      servers: [`127.0.0.1:${server.address().port}`],
      hostsFile: join(directory, 'none'),
    });
    for (const name of ['localhost', 'localhost.', 'app.localhost', 'a.b.LocalHost']) {
      expect(await withoutHosts.resolve(name)).toEqual(['127.0.0.1', '::1']);
    }
    expect(asked).toEqual([]);
  });

  it('leaves the thread pool alone: a hundred stuck look-ups do not hold up the loop', async () => {
    const stuck = Promise.all(Array.from({ length: 100 }, () => resolver.resolve('silent.test')));
    expect(await resolver.resolve('both.test')).toHaveLength(3);
    expect((await stuck).flat()).toEqual([]);
  });
});
