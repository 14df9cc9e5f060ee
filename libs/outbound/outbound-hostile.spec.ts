import { gzipSync } from 'node:zlib';
import type { Socket } from 'node:net';
import { AddressPolicy } from './address-policy.js';
import { OutboundClient, type OutboundRequest, type OutboundResult } from './outbound-client.js';
import { answerWith, OK_ANSWER, RawServer, until, type RequestHandler } from './raw-server.fixture.js';

const CAP = 65_536;

const bomb = gzipSync(Buffer.alloc(50_000_000));

/** Writes without end, as fast as the other side reads, and counts the bytes. */
const flood = (socket: Socket, head: string, chunk: Buffer): { bytes: number } => {
  const written = { bytes: 0 };
  socket.write(head);
  const more = (): void => {
    if (socket.destroyed) return;
    written.bytes += chunk.length;
    if (socket.write(chunk)) setImmediate(more);
    else socket.once('drain', more);
  };
  more();
  return written;
};

/** Writes the same little thing over and over, a few milliseconds apart. */
const drip = (socket: Socket, head: string, drop: string): void => {
  socket.write(head);
  const timer = setInterval(() => socket.write(drop), 20);
  socket.on('close', () => clearInterval(timer));
};

const partOf = (statusCode: number | null): unknown =>
  statusCode === null ? null : expect.objectContaining({ statusCode });

describe('an endpoint that means harm', () => {
  const servers: RawServer[] = [];
  let client: OutboundClient;

  const serve = async (onRequest: RequestHandler): Promise<RawServer> => {
    const server = await RawServer.start(onRequest);
    servers.push(server);
    return server;
  };

  const send = (server: RawServer, rest: Partial<OutboundRequest> = {}): Promise<OutboundResult> =>
    client.send({
      method: 'POST',
      url: server.url(),
      headers: [],
      body: Buffer.from('x'),
      timeoutMs: 5_000,
      ...rest,
    });

  const allClosed = (server: RawServer): Promise<void> =>
    until(() => client.socketCount === 0 && server.sockets.size === 0);

  beforeEach(() => {
    client = new OutboundClient({ policy: new AddressPolicy(['127.0.0.0/8']) });
  });
  afterEach(async () => {
    client.close();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  it.each<[string, RequestHandler, number | null]>([
    ['never answers', () => undefined, null],
    ['drips a body', (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n', 'x'), 200],
    [
      'drips a body in chunks',
      (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nx\r\n'),
      200,
    ],
    [
      'drips chunk extensions',
      (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1', ';x'),
      200,
    ],
    ['drips a header', (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nX: ', 'x'), null],
    ['drips a status line', (socket) => drip(socket, 'HTTP/1.1 200 ', 'x'), null],
    ['sends 1xx for ever', (socket) => drip(socket, '', 'HTTP/1.1 102 Processing\r\n\r\n'), null],
    [
      'stops in the middle of a body',
      (socket) => socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nabc'),
      503,
    ],
  ])('is left at the deadline when it %s, and the socket with it', async (_kind, onRequest, statusCode) => {
    const server = await serve(onRequest);
    const result = await send(server, { timeoutMs: 300 });
    expect(result).toMatchObject({ ok: false, error: 'timeout', partial: partOf(statusCode) });
    expect(result.durationMs).toBeGreaterThanOrEqual(295);
    expect(result.durationMs).toBeLessThan(3_000);
    await allClosed(server);
    expect(server.requests.length).toBe(1);
  });

  it('is left at the deadline also when it does not take the request', async () => {
    const server = await serve(() => undefined);
    const sending = send(server, { body: Buffer.alloc(30_000_000), timeoutMs: 300 });
    await until(() => server.sockets.size === 1);
    for (const socket of server.sockets) socket.pause();
    expect(await sending).toMatchObject({ ok: false, error: 'timeout' });
    await until(() => client.socketCount === 0);
  });

  it.each([
    ['of known length', 'Content-Length: 10737418240'],
    ['in chunks', 'Transfer-Encoding: chunked'],
    ['until the connection ends', 'X-Length: unknown'],
  ])('is read up to the cap when its body has no end (%s)', async (_kind, header) => {
    const block = Buffer.alloc(16_384, 'a');
    const chunk = header.includes('chunked')
      ? Buffer.concat([Buffer.from('4000\r\n'), block, Buffer.from('\r\n')])
      : block;
    let written = { bytes: 0 };
    const server = await serve((socket) => {
      written = flood(socket, `HTTP/1.1 200 OK\r\n${header}\r\n\r\n`, chunk);
    });
    const result = await send(server);
    expect(result).toMatchObject({ ok: true, statusCode: 200, truncated: true });
    expect(result.ok && result.body.equals(Buffer.alloc(CAP, 'a'))).toBe(true);
    await allClosed(server);
    // What the kernel's buffers hold on both sides comes on top of what was read.
    expect(written.bytes).toBeLessThan(20_000_000);
  });

  it.each([
    [0, 1, true],
    [0, 0, false],
    [1, 1, false],
    [1, 2, true],
    [CAP, CAP - 1, false],
    [CAP, CAP, false],
    [CAP, CAP + 1, true],
    [200_000, 200_000, false],
  ])('with a cap of %i and a body of %i bytes is cut: %s', async (maxResponseBytes, size, truncated) => {
    const body = Buffer.alloc(size, 'b');
    const server = await serve((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      socket.write(body);
    });
    const result = await send(server, { maxResponseBytes });
    expect(result).toMatchObject({ ok: true, truncated });
    expect(result.ok && result.body.equals(body.subarray(0, maxResponseBytes))).toBe(true);
  });

  it('sends a body in one-byte chunks, and it is put together', async () => {
    const chunks = Array.from({ length: 30_000 }, (_, index) => `1\r\n${index % 10}\r\n`).join('');
    const server = await serve(
      answerWith(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`),
    );
    const result = await send(server);
    expect(result.ok && result.body.toString()).toBe('0123456789'.repeat(3_000));
  });

  it.each(['gzip', 'gzip, gzip', 'deflate', 'br', 'zstd'])(
    'sends a bomb as %s, and it stays packed',
    async (encoding) => {
      const server = await serve((socket) => {
        socket.write(
          `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${bomb.length}\r\n\r\n`,
        );
        socket.write(bomb);
      });
      const result = await send(server);
      expect(result.ok && result.body.equals(bomb.subarray(0, CAP))).toBe(true);
      expect(result.ok && result.headers[0]).toEqual(['Content-Encoding', encoding]);
    },
  );

  it.each([
    ['one header of 17 KB', `X-Big: ${'x'.repeat(17_000)}\r\n`],
    ['a megabyte of headers', `X-Big: ${'x'.repeat(1_000)}\r\n`.repeat(1_000)],
    ['10,000 headers', 'X-H: y\r\n'.repeat(10_000)],
    ['headers without end', 'a: b\r\n'.repeat(500_000)],
  ])('sends %s, and is left', async (_kind, headers) => {
    const server = await serve(answerWith(`HTTP/1.1 200 OK\r\n${headers}\r\n`));
    expect(await send(server)).toMatchObject({ ok: false, error: 'headers_too_large', partial: null });
    await allClosed(server);
  });

  it.each([
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.6\r\n', 'response_invalid'],
    ['HTTP/2', '\0\0\x12\x04\0\0\0\0\0', 'response_invalid'],
    ['HTTP/0.9', '<html>hello</html>', 'response_invalid'],
    ['an impossible version', 'HTTP/9.9 200 OK\r\n\r\n', 'response_invalid'],
    ['an impossible status', 'HTTP/1.1 2000 OK\r\n\r\n', 'response_invalid'],
    [
      'two lengths that differ',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      'response_invalid',
    ],
    [
      'a length beside chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'response_invalid',
    ],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', 'response_invalid'],
    [
      'a chunk of impossible size',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n',
      'response_invalid',
    ],
    ['NUL in a header', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n', 'response_invalid'],
    ['a header without a name', 'HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 0\r\n\r\n', 'response_invalid'],
    ['100 Continue, which nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${OK_ANSWER}`, 'response_invalid'],
    [
      '101, which nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n',
      'response_invalid',
    ],
  ])('answers with %s, and gets a verdict', async (_kind, answer, error) => {
    const server = await serve(answerWith(answer));
    expect(await send(server)).toMatchObject({ ok: false, error });
    await allClosed(server);
    expect(server.requests.length).toBe(1);
  });

  it.each<[string, RequestHandler, number | null]>([
    ['before the answer', (socket) => socket.end(), null],
    ['by reset before the answer', (socket) => socket.resetAndDestroy(), null],
    ['within the header', (socket) => socket.end('HTTP/1.1 200 OK\r\nX-A'), null],
    [
      'within a body of known length',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'),
      200,
    ],
    [
      'within a chunk',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'),
      200,
    ],
    [
      'by reset within the body',
      (socket) =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', () =>
          setTimeout(() => socket.resetAndDestroy(), 50),
        ),
      200,
    ],
  ])('closes %s, which is one failed attempt', async (_kind, onRequest, statusCode) => {
    const server = await serve(onRequest);
    expect(await send(server)).toMatchObject({
      ok: false,
      error: 'connection_reset',
      partial: partOf(statusCode),
    });
    await allClosed(server);
    expect(server.requests.length).toBe(1);
  });

  it('breaks off its answer, and what had come is kept', async () => {
    const head = 'HTTP/1.1 429 Wait\r\nRetry-After: 30\r\nContent-Length: 9\r\n\r\n';
    const server = await serve((socket) => socket.end(`${head}abc`));
    const result = await send(server);
    expect(result).toMatchObject({ ok: false, error: 'connection_reset', partial: { statusCode: 429 } });
    const partial = result.ok ? null : result.partial;
    expect(partial?.headers).toContainEqual(['Retry-After', '30']);
    expect(partial?.body.toString()).toBe('abc');
  });

  it('sends a second answer ahead, and it is not taken for the next request', async () => {
    const numbered = (count: number): string =>
      `HTTP/1.1 200 OK\r\nX-Count: ${count}\r\nContent-Length: 0\r\n\r\n`;
    const server = await serve((socket, _request, count) => socket.write(numbered(count) + numbered(99)));
    for (let count = 1; count <= 20; count += 1) {
      const result = await send(server);
      expect(result.ok && result.headers[0]).toEqual(['X-Count', String(count)]);
    }
    expect(server.connectionCount).toBe(20);
  });
});
