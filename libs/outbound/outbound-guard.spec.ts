import { runInThisContext } from 'node:vm';
import { AddressPolicy } from './address-policy.js';
import { checkUrl } from './destination.js';
import type { NameResolver } from './name-resolver.js';
import { OutboundClient, type OutboundResult } from './outbound-client.js';
import { answerWith, OK_ANSWER, RawServer, until } from './raw-server.fixture.js';

const strict = new AddressPolicy([]);
const loopback = new AddressPolicy(['127.0.0.0/8', '::1/128']);
const PUBLIC_ADDRESS = '93.184.215.14';

/** Resolves every name to what `addresses` gives for the n-th question. */
const scripted = (addresses: (count: number) => readonly string[]): NameResolver & { count: number } => ({
  count: 0,
  resolve() {
    this.count += 1;
    return Promise.resolve(addresses(this.count));
  },
});

describe('the guard at the connection', () => {
  /** Listens wherever loopback may be reached; a connection by a client that may not is a failure. */
  let canary: RawServer;
  const clients: OutboundClient[] = [];

  const newClient = (options: ConstructorParameters<typeof OutboundClient>[0]): OutboundClient => {
    const client = new OutboundClient(options);
    clients.push(client);
    return client;
  };

  const send = (client: OutboundClient, url: string, timeoutMs = 3_000): Promise<OutboundResult> =>
    client.send({ method: 'POST', url, headers: [], body: Buffer.from('x'), timeoutMs });

  const outcomeOf = async (
    client: OutboundClient,
    url: string,
    timeoutMs?: number,
  ): Promise<number | string> => {
    const result = await send(client, url, timeoutMs);
    return result.ok ? result.statusCode : result.error;
  };

  beforeAll(async () => {
    const answer = answerWith(OK_ANSWER);
    canary = await RawServer.start(answer, '::').catch(() => RawServer.start(answer, '0.0.0.0'));
  });
  beforeEach(() => {
    canary.connectionCount = 0;
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(() => canary.stop());

  const IPV4_FORMS = [
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f.1',
    '0x7f000001',
    '0177.0.0.1',
    '017700000001',
    '１２７.０.０.１',
    '①②⑦.⓪.⓪.①',
    '127。0。0。1',
    '127.0.0.1.',
    '%31%32%37.0.0.1',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    'localhost',
    'LocalHost.',
    'app.localhost',
  ];
  const OTHER_FORMS = [
    '127.8.9.10',
    '0',
    '0.0.0.0',
    '0x0',
    '[::]',
    '[::1]',
    '[0:0::1]',
    '[::ffff:0:0]',
    '[::127.0.0.1]',
    'user@127.0.0.1',
    'user:pass@localhost',
    '[::1%25lo]',
    '[fe80::1]',
  ];

  it.each([...IPV4_FORMS, ...OTHER_FORMS])(
    'opens no connection to http://%s when loopback is not allowed',
    async (host) => {
      const client = newClient({ policy: strict });
      expect(await outcomeOf(client, `http://${host}:${canary.port}/`)).toMatch(
        /^(destination_not_allowed|url_invalid)$/,
      );
      expect(await outcomeOf(client, `http:\\\\${host}:${canary.port}\\`)).toMatch(
        /^(destination_not_allowed|url_invalid)$/,
      );
      expect(await outcomeOf(client, `https://${host}:${canary.port}/`)).toMatch(
        /^(destination_not_allowed|url_invalid)$/,
      );
      expect(canary.connectionCount).toBe(0);
    },
  );

  it.each(IPV4_FORMS)(
    'reaches http://%s when loopback is allowed, so the canary would have seen it',
    async (host) => {
      expect(await outcomeOf(newClient({ policy: loopback }), `http://${host}:${canary.port}/`)).toBe(200);
      expect(canary.connectionCount).toBe(1);
    },
  );

  it.each(['0', '0.0.0.0', '[::]', '[::ffff:0:0]', '[::127.0.0.1]'])(
    'does not take http://%s for loopback, which it would reach',
    async (host) => {
      expect(await outcomeOf(newClient({ policy: loopback }), `http://${host}:${canary.port}/`)).toBe(
        'destination_not_allowed',
      );
      expect(canary.connectionCount).toBe(0);
    },
  );

  it('sees through a name that is public when checked and loopback when connected to, 1,000 times', async () => {
    const resolver = scripted((count) => (count % 2 === 1 ? [PUBLIC_ADDRESS] : ['127.0.0.1']));
    const client = newClient({ policy: strict, resolver });
    const url = `http://rebind.test:${canary.port}/`;
    const outcomes = new Set<number | string>();
    for (let count = 0; count < 1_000; count += 1) {
      expect((await checkUrl(url, strict, resolver)).ok).toBe(true);
      outcomes.add(await outcomeOf(client, url));
    }
    expect([...outcomes]).toEqual(['destination_not_allowed']);
    expect([resolver.count, canary.connectionCount]).toEqual([2_000, 0]);
  });

  it.each([
    ['a private one beside a public one', [PUBLIC_ADDRESS, '127.0.0.1']],
    ['a private IPv6 one', [PUBLIC_ADDRESS, '::1']],
    ['one in IPv4-mapped form', ['::ffff:127.0.0.1']],
    ['one with a zone', ['fe80::1%lo']],
    ['the last of a thousand', [...Array.from({ length: 999 }, () => PUBLIC_ADDRESS), '127.0.0.1']],
    ['something that is no address', ['localhost']],
  ])('opens none of the addresses of a name when among them is %s', async (_kind, addresses) => {
    const client = newClient({ policy: strict, resolver: scripted(() => addresses) });
    expect(await outcomeOf(client, `http://mixed.test:${canary.port}/`)).toBe('destination_not_allowed');
    expect(canary.connectionCount).toBe(0);
  });

  it('connects to the address it judged, and asks once per connection', async () => {
    const resolver = scripted((count) => (count === 1 ? ['127.0.0.1'] : ['10.0.0.1']));
    expect(
      await outcomeOf(newClient({ policy: loopback, resolver }), `http://once.test:${canary.port}/`),
    ).toBe(200);
    expect(resolver.count).toBe(1);
    expect(canary.texts.at(-1)).toContain(`host: once.test:${canary.port}\r\n`);
  });

  it('keeps a pooled socket on its address, and judges anew for every new one', async () => {
    const resolver = scripted((count) => (count === 1 ? ['127.0.0.1'] : ['10.0.0.1']));
    const client = newClient({ policy: loopback, resolver });
    const url = `http://moving.test:${canary.port}/`;
    expect([await outcomeOf(client, url), await outcomeOf(client, url)]).toEqual([200, 200]);
    expect([resolver.count, canary.connectionCount]).toEqual([1, 1]);
    for (const socket of canary.sockets) socket.destroy();
    await until(() => client.socketCount === 0);
    expect(await outcomeOf(client, url)).toBe('destination_not_allowed');
    expect(canary.connectionCount).toBe(1);
  });

  it('uses no proxy, whatever the environment says', async () => {
    const proxy = await RawServer.start(answerWith(OK_ANSWER));
    // Jest gives specs a copy of the environment; packages outside of it would read the real one.
    const environment = runInThisContext('process.env') as NodeJS.ProcessEnv;
    const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
    const changed = [environment, process.env];
    try {
      for (const variables of changed) for (const name of names) variables[name] = proxy.url();
      expect(await outcomeOf(newClient({ policy: loopback }), `http://127.0.0.1:${canary.port}/`)).toBe(200);
      expect(proxy.connectionCount).toBe(0);
    } finally {
      for (const variables of changed) for (const name of names) delete variables[name];
      await proxy.stop();
    }
  });

  it.each([22, 25, 53, 2375, 3306, 4222, 5432, 6379, 9200, 11_211, 0])(
    'sends nothing to port %i of a public address',
    async (port) => {
      const client = newClient({ policy: strict, resolver: scripted(() => [PUBLIC_ADDRESS]) });
      expect(await outcomeOf(client, `http://${PUBLIC_ADDRESS}:${port}/`)).toBe('destination_not_allowed');
      expect(await outcomeOf(client, `http://public.test:${port}/`)).toBe('destination_not_allowed');
    },
  );

  it.each([
    'http://127.0.0.1:65536/',
    'ftp://127.0.0.1/',
    'http://127.0.0.1/#x',
    'unix:/run/docker.sock',
    'not a url',
  ])('has no use for the URL %s', async (url) => {
    expect(await outcomeOf(newClient({ policy: loopback }), url)).toBe('url_invalid');
  });

  it('tries the next address when one refuses, and says so when all do', async () => {
    const closed = await RawServer.start(() => undefined);
    const { port } = closed;
    await closed.stop();
    const client = newClient({ policy: loopback, resolver: scripted(() => ['127.0.0.1', '::1']) });
    expect(await outcomeOf(client, `http://two.test:${port}/`)).toBe('connection_refused');
    const onlyIpv4 = await RawServer.start(answerWith(OK_ANSWER), '127.0.0.1');
    const reversed = newClient({
      policy: loopback,
      resolver: scripted(() => ['::1', '127.0.0.9', '127.0.0.1']),
    });
    expect(await outcomeOf(reversed, `http://two.test:${onlyIpv4.port}/`)).toBe(200);
    await onlyIpv4.stop();
  });

  it('waits for a name no longer than for a connection, and never beyond the deadline', async () => {
    const never: NameResolver = { resolve: () => new Promise(() => undefined) };
    const client = newClient({ policy: strict, resolver: never, connectTimeoutMs: 150 });
    expect(await outcomeOf(client, 'http://slow.test/')).toBe('connection_timeout');
    expect(await outcomeOf(client, 'http://slow.test/', 50)).toBe('timeout');
    const failing: NameResolver = { resolve: () => Promise.reject(new Error('ESERVFAIL 10.0.0.2')) };
    expect(await outcomeOf(newClient({ policy: strict, resolver: failing }), 'http://broken.test/')).toBe(
      'dns_failed',
    );
    expect(
      await outcomeOf(newClient({ policy: strict, resolver: scripted(() => []) }), 'http://gone.test/'),
    ).toBe('dns_failed');
  });

  it('tells a code and no more of what it met', async () => {
    const client = newClient({ policy: strict, resolver: scripted(() => ['10.20.30.40']) });
    const result = await send(client, 'http://inside.test/');
    expect(result).toEqual({
      ok: false,
      error: 'destination_not_allowed',
      partial: null,
      durationMs: expect.any(Number) as number,
    });
  });
});
