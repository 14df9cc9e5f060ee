import { AddressPolicy } from './address-policy.js';
import { OutboundClient, type OutboundRequest, type OutboundResult } from './outbound-client.js';
import { answerWith, OK_ANSWER, RawServer, until, type RequestHandler } from './raw-server.fixture.js';

const servers: RawServer[] = [];
const clients: OutboundClient[] = [];

const serve = async (
  onRequest: RequestHandler = answerWith(OK_ANSWER),
  host?: string,
): Promise<RawServer> => {
  const server = await RawServer.start(onRequest, host);
  servers.push(server);
  return server;
};

type ClientOptions = Partial<ConstructorParameters<typeof OutboundClient>[0]>;
const newClient = (options: ClientOptions = {}): OutboundClient => {
  const client = new OutboundClient({ policy: new AddressPolicy(['127.0.0.0/8', '::1/128']), ...options });
  clients.push(client);
  return client;
};

const post = (url: string, rest: Partial<OutboundRequest> = {}): OutboundRequest => ({
  method: 'POST',
  url,
  headers: [],
  body: Buffer.from('{}'),
  timeoutMs: 5_000,
  ...rest,
});

const statusOf = (result: OutboundResult): number | string => (result.ok ? result.statusCode : result.error);

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

describe('the request on the wire', () => {
  it('has the headers in their order, spelling, number and bytes, and the exact body', async () => {
    const server = await serve();
    const body = Buffer.from([0x00, 0xff, 0x22, 0x0d, 0x0a, 0xfe]);
    const result = await newClient().send(
      post(server.url('/hook'), {
        headers: [
          ['X-Zulu', '1'],
          ['Content-Type', 'application/JSON; charset="x"'],
          ['x-multi', 'b'],
          ['X-Multi', 'a'],
          ['Set-Cookie', 'one=1'],
          ['Set-Cookie', 'two=2'],
          ['X-Latin', 'Gr\xfc\xdfe \xa4\xff'],
          ['X-Empty', ''],
          ['X-Tab', 'a\tb  c'],
          ['__proto__', 'p'],
        ],
        body,
      }),
    );
    expect(statusOf(result)).toBe(200);
    const head = [
      'POST /hook HTTP/1.1',
      `host: 127.0.0.1:${server.port}`,
      'connection: keep-alive',
      'X-Zulu: 1',
      'Content-Type: application/JSON; charset="x"',
      'x-multi: b',
      'X-Multi: a',
      'Set-Cookie: one=1',
      'Set-Cookie: two=2',
      'X-Latin: Gr\xfc\xdfe \xa4\xff',
      'X-Empty: ',
      'X-Tab: a\tb  c',
      '__proto__: p',
      'content-length: 6',
    ].join('\r\n');
    expect(server.requests).toEqual([Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body])]);
  });

  it.each([
    ['', '/'],
    ['/', '/'],
    ['/a/../b//c/%2e%2E/', '/b//'],
    ['/a%2Fb;p=1?x=%41&x=+%20&y', '/a%2Fb;p=1?x=%41&x=+%20&y'],
    ['/in?', '/in?'],
    ['?only=query', '/?only=query'],
    ["/ü/„x“?q=ä|'", '/%C3%BC/%E2%80%9Ex%E2%80%9C?q=%C3%A4|%27'],
    ['/a\\b', '/a/b'],
  ])('asks for the path "%s" as "%s", which is how a URL parser reads it', async (path, sent) => {
    const server = await serve();
    const url = `http://127.0.0.1:${server.port}${path}`;
    await newClient().send(post(url));
    expect(server.texts[0]).toMatch(/^POST \S+ HTTP\/1\.1\r\n/);
    expect(server.texts[0]?.split(' ')[1]).toBe(sent);
    expect(new URL(url).href).toBe(`http://127.0.0.1:${server.port}${sent}`);
  });

  it('leaves out what belongs to a connection, however it is spelled', async () => {
    const server = await serve();
    const result = await newClient().send(
      post(server.url(), {
        headers: [
          ['Host', 'evil.example'],
          ['HOST', 'evil.example'],
          ['Content-Length', '999'],
          ['content-length', '1'],
          ['Transfer-Encoding', 'chunked'],
          ['Connection', 'close, X-Kept'],
          ['Keep-Alive', 'timeout=9'],
          ['Expect', '100-continue'],
          ['Upgrade', 'h2c'],
          ['HTTP2-Settings', 'AAMAAABkAAQAAP__'],
          ['TE', 'trailers'],
          ['Trailer', 'X-Sum'],
          ['Proxy-Connection', 'keep-alive'],
          ['Proxy-Authenticate', 'Basic'],
          ['Proxy-Authorization', 'Basic eA=='],
          ['X-Kept', 'yes'],
        ],
      }),
    );
    expect(statusOf(result)).toBe(200);
    expect(server.texts).toEqual([
      `POST / HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nconnection: keep-alive\r\n` +
        'Proxy-Authorization: Basic eA==\r\nX-Kept: yes\r\ncontent-length: 2\r\n\r\n{}',
    ]);
  });

  it.each([
    [['X-A', 'a\r\nX-Evil: 1']],
    [['X-A', 'a\nb']],
    [['X-A', 'a\rb']],
    [['X-A', 'a\0b']],
    [['X-A', 'a\x7fb']],
    [['X-A', 'snow\u2603man']],
    [['X-A', '\u560a']], // its low byte is a line feed
    [['X A', 'a']],
    [['X-A:', 'a']],
    [['X-A\r\nX-Evil', 'a']],
    [['', 'a']],
    [['X-\xfc', 'a']],
  ] as [[string, string]][])('refuses the header %j and sends nothing', async (header) => {
    const server = await serve();
    const result = await newClient().send(post(server.url(), { headers: [header] }));
    expect(result).toMatchObject({ ok: false, error: 'request_invalid', partial: null });
    expect(server.connectionCount).toBe(0);
  });

  it.each([
    'GET',
    'DELETE',
    'OPTIONS',
    'PUT',
    'PATCH',
    'QUERY',
    'PURGE',
    'M-SEARCH',
    'post',
    "X!#$%&'*+.^_`|~9",
  ])('carries a body with its length under the method %s', async (method) => {
    const server = await serve();
    const client = newClient();
    const results = [
      await client.send(post(server.url(), { method, body: Buffer.from('body') })),
      await client.send(post(server.url(), { method, body: Buffer.from('again') })),
    ];
    expect(results.map(statusOf)).toEqual([200, 200]);
    expect(server.texts[0]?.startsWith(`${method} / HTTP/1.1\r\n`)).toBe(true);
    expect(server.texts[0]?.endsWith('content-length: 4\r\n\r\nbody')).toBe(true);
    expect(server.texts[1]?.endsWith('content-length: 5\r\n\r\nagain')).toBe(true);
  });

  it('says that an empty POST is empty, and gives an empty GET no length', async () => {
    const server = await serve();
    const client = newClient();
    await client.send(post(server.url(), { body: Buffer.alloc(0) }));
    await client.send(post(server.url(), { method: 'GET', body: Buffer.alloc(0) }));
    expect(server.texts[0]).toContain('content-length: 0\r\n');
    expect(server.texts[1]).not.toContain('content-length');
  });

  it.each(['CONNECT', 'connect', 'GET /', 'GET\r\nX: y', '', 'GÉT'])(
    'refuses the method %j',
    async (method) => {
      const server = await serve();
      expect(statusOf(await newClient().send(post(server.url(), { method })))).toBe('request_invalid');
      expect(server.connectionCount).toBe(0);
    },
  );

  it('sends ten megabytes whole', async () => {
    const server = await serve();
    const body = Buffer.alloc(10_485_760, 'abcdefghij');
    expect(statusOf(await newClient().send(post(server.url(), { body })))).toBe(200);
    expect(server.requests[0]?.subarray(-body.length).equals(body)).toBe(true);
  });
});

describe('the answer', () => {
  it('gives header names, order, duplicates and latin1 bytes as they came', async () => {
    const server = await serve(
      answerWith(
        'HTTP/1.1 202 Sure\r\nX-B: 1\r\nx-a: \xfc\xff\r\nSet-Cookie: a\r\nset-cookie: b\r\n__proto__: x\r\n__proto__: y\r\ncontent-length: 3\r\n\r\n\x00\xff!',
      ),
    );
    const result = await newClient().send(post(server.url()));
    expect(result).toEqual({
      ok: true,
      statusCode: 202,
      headers: [
        ['X-B', '1'],
        ['x-a', '\xfc\xff'],
        ['Set-Cookie', 'a'],
        ['set-cookie', 'b'],
        ['__proto__', 'x'],
        ['__proto__', 'y'],
        ['content-length', '3'],
      ],
      body: Buffer.from([0, 0xff, 0x21]),
      truncated: false,
      durationMs: expect.any(Number) as number,
    });
  });

  it.each<[string, string, string, [number, string]]>([
    ['no content', 'POST', 'HTTP/1.1 204 No Content\r\n\r\n', [204, '']],
    [
      'not modified, with the length of what it stands for',
      'GET',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n',
      [304, ''],
    ],
    [
      'no content, with the length of some',
      'POST',
      'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nabcde',
      [204, ''],
    ],
    [
      'to HEAD, with the length of what GET would give',
      'HEAD',
      'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n',
      [200, ''],
    ],
    [
      'chunked, with extension and trailer',
      'POST',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n',
      [200, 'abcde'],
    ],
    ['an error', 'POST', 'HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nsorry', [500, 'sorr']],
    ['without a reason', 'POST', 'HTTP/1.1 429 \r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n', [429, '']],
    [
      'after other 1xx answers',
      'POST',
      `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK_ANSWER}`,
      [200, 'ok'],
    ],
  ])('is taken when it is %s', async (_kind, method, answer, [statusCode, body]) => {
    const server = await serve(answerWith(answer));
    const result = await newClient().send(post(server.url(), { method, body: Buffer.alloc(0) }));
    expect(result).toMatchObject({ ok: true, statusCode, body: Buffer.from(body), truncated: false });
  });

  it.each([
    ['HTTP/1.1', 'HTTP/1.1 200 OK\r\n\r\nuntil the end'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nuntil the end'],
  ])('may end with the connection in %s', async (_version, answer) => {
    const server = await serve((socket) => socket.end(answer));
    expect(await newClient().send(post(server.url()))).toMatchObject({
      ok: true,
      body: Buffer.from('until the end'),
    });
  });

  it.each([301, 302, 303, 307, 308])('is not followed when it is a redirect (%i)', async (statusCode) => {
    const target = await serve();
    const server = await serve(
      answerWith(
        `HTTP/1.1 ${statusCode} Moved\r\nLocation: ${target.url('/second')}\r\nContent-Length: 0\r\n\r\n`,
      ),
    );
    const result = await newClient().send(post(server.url()));
    expect(result).toMatchObject({ ok: true, statusCode });
    expect(result.ok && result.headers[0]).toEqual(['Location', target.url('/second')]);
    expect([server.requests.length, target.connectionCount]).toEqual([1, 0]);
  });

  it('counts when it comes before the body has been sent, and the socket is given up', async () => {
    const early = await serve(() => undefined);
    const client = newClient();
    const sending = client.send(post(early.url(), { body: Buffer.alloc(20_000_000) }));
    await until(() => early.sockets.size === 1);
    for (const socket of early.sockets) {
      socket.pause();
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n');
    }
    expect(statusOf(await sending)).toBe(413);
    await until(() => client.socketCount === 0);
  });
});

describe('connections', () => {
  it('are kept and used again, one request at a time', async () => {
    const server = await serve();
    const client = newClient();
    for (let count = 0; count < 20; count += 1)
      expect(statusOf(await client.send(post(server.url())))).toBe(200);
    expect([server.connectionCount, server.requests.length, client.socketCount]).toEqual([1, 20, 1]);
  });

  it('are as many as requests at once, up to the limit; the rest wait for their turn', async () => {
    let open = 0;
    let most = 0;
    const server = await serve((socket) => {
      open += 1;
      most = Math.max(most, open);
      setImmediate(() => {
        open -= 1;
        socket.write(OK_ANSWER);
      });
    });
    const client = newClient({ maxSocketsPerOrigin: 4 });
    const results = await Promise.all(Array.from({ length: 60 }, () => client.send(post(server.url()))));
    expect(new Set(results.map(statusOf))).toEqual(new Set([200]));
    expect([server.connectionCount, server.requests.length]).toEqual([4, 60]);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('let the next one in when the one before was cut, refused or timed out', async () => {
    const server = await serve((socket, _request, count) => {
      if (count === 1) socket.resetAndDestroy();
      else if (count > 2) socket.write(OK_ANSWER); // the second is never answered
    });
    const client = newClient({ maxSocketsPerOrigin: 1 });
    const results = await Promise.all([
      client.send(post(server.url())),
      client.send(post(server.url(), { timeoutMs: 500 })),
      client.send(post(server.url())),
    ]);
    expect(results.map(statusOf)).toEqual(['connection_reset', 'timeout', 200]);
  });

  it('waiting for a turn counts against the deadline, and the place in the queue is given up', async () => {
    const server = await serve((socket, _request, count) => {
      if (count > 1) socket.write(OK_ANSWER);
    });
    const client = newClient({ maxSocketsPerOrigin: 1 });
    const slow = client.send(post(server.url(), { timeoutMs: 600 }));
    await until(() => server.requests.length === 1);
    expect(statusOf(await client.send(post(server.url(), { timeoutMs: 100 })))).toBe('timeout');
    const patient = client.send(post(server.url()));
    expect(statusOf(await slow)).toBe('timeout');
    expect(statusOf(await patient)).toBe(200);
    expect(server.requests.length).toBe(2);
  });

  it('that the peer closes are not used again', async () => {
    const server = await serve((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'),
    );
    const client = newClient();
    const results = [];
    for (let count = 0; count < 10; count += 1) results.push(statusOf(await client.send(post(server.url()))));
    expect(results).toEqual(Array.from({ length: 10 }, () => 200));
    expect(server.connectionCount).toBe(10);
  });

  it('that the peer has closed while they were idle cost no request, and none is sent twice', async () => {
    const server = await serve();
    const client = newClient();
    for (let count = 0; count < 50; count += 1) {
      expect(statusOf(await client.send(post(server.url())))).toBe(200);
      for (const socket of server.sockets) socket.destroy();
      // In the check phase, before the event loop looks at sockets again: the next request takes a socket whose end
      // lies unread in the kernel.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([server.requests.length, server.connectionCount]).toEqual([50, 50]);
  });

  it('are renewed when they are old, also under steady use', async () => {
    const server = await serve();
    const client = newClient({ maxSocketAgeMs: -1 });
    for (let count = 0; count < 3; count += 1) await client.send(post(server.url()));
    expect(server.connectionCount).toBe(3);
  });

  it('lie idle in bounded number over all origins; the longest idle goes', async () => {
    const origins = await Promise.all(Array.from({ length: 6 }, () => serve()));
    const client = newClient({ maxIdleSockets: 3 });
    for (const server of origins) expect(statusOf(await client.send(post(server.url())))).toBe(200);
    await until(() => client.socketCount === 3);
    for (const server of origins.slice(3)) await client.send(post(server.url()));
    expect(origins.map((server) => server.connectionCount)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('are cut by close, which ends requests under way and takes no new ones', async () => {
    const server = await serve(() => undefined);
    const client = newClient();
    const sending = client.send(post(server.url()));
    await until(() => server.requests.length === 1);
    client.close();
    expect(statusOf(await sending)).toBe('client_closed');
    expect(statusOf(await client.send(post(server.url())))).toBe('client_closed');
    await until(() => client.socketCount === 0 && server.sockets.size === 0);
  });
});
