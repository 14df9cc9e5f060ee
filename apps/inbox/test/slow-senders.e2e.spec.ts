import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultLimits } from '#config';
import { eventually, hexHmac, send, TestApp, type TestTenant } from '#testing';
import { openConnection, readAnswer, sendRaw } from './raw-request.fixture.js';

const MOST_CONNECTIONS = 200;
const LARGEST_BODY_BYTES = 100_000;

let app: TestApp;
let tenant: TestTenant;
let source: Awaited<ReturnType<TestTenant['source']>>;
const sockets: Socket[] = [];
beforeAll(async () => {
  app = await TestApp.start({
    settings: {
      maxBodyBytes: LARGEST_BODY_BYTES,
      limits: {
        ...defaultLimits,
        headersTimeoutMs: 400,
        requestTimeoutMs: 3_000,
        silenceTimeoutMs: 2_500,
        keepAliveTimeoutMs: 2_000,
        checkEveryMs: 50,
        mostConnections: MOST_CONNECTIONS,
        bodyMemoryBytes: 10 * LARGEST_BODY_BYTES,
        bodyIdleMs: 500,
        bodyGraceMs: 800,
        leastBodyBytesPerSecond: 1_000,
      },
    },
  });
  tenant = await app.tenant();
  source = await tenant.source('runflow');
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => app.stop());

async function open(): Promise<Socket> {
  const socket = await openConnection(app.url);
  sockets.push(socket);
  return socket;
}

const head = (length: number, signature = 'none'): string =>
  [
    `POST ${new URL(source.url).pathname} HTTP/1.1`,
    'host: callbox',
    `runflow-signature: ${signature}`,
    `content-length: ${length}`,
    '\r\n',
  ].join('\r\n');

/** Writes a piece of a body again and again; gives back how to end it. */
function dribble(socket: Socket, piece: string, everyMs: number): () => void {
  const timer = setInterval(() => socket.write(piece), everyMs);
  const end = (): void => clearInterval(timer);
  socket.once('close', end);
  return end;
}

/** Waits until the other side has closed; what it says before is of no interest. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve()).resume();
  });

async function genuine(): Promise<number> {
  const body = JSON.stringify({ event: 'run.completed', run_id: 'run_1' });
  const { status } = await send(source.url, {
    method: 'POST',
    headers: { 'runflow-signature': hexHmac(source.secret, body) },
    body,
  });
  return status;
}

/** Does something while so many come, and come again whenever they have been sent away. */
async function amid(count: number, come: () => Promise<void>, work: () => Promise<void>): Promise<void> {
  let isOver = false;
  const senders = Array.from({ length: count }, async () => {
    while (!isOver) await come();
  });
  try {
    await work();
  } finally {
    isOver = true;
    for (const socket of sockets) socket.destroy();
    await Promise.all(senders);
  }
}

/** So many genuine callbacks, one after the other, are each taken in the end. */
async function genuineOnes(count: number): Promise<void> {
  for (let callback = 0; callback < count; callback += 1)
    await eventually(async () => expect(await genuine()).toBe(200), 15_000);
}

describe('a connection', () => {
  test('that says nothing is closed without a word', async () => {
    const socket = await open();
    let said = 0;
    socket.on('data', (chunk: Buffer) => (said += chunk.length));
    await closed(socket);
    expect(said).toBe(0);
  });

  test('that is made in advance is good for a request later than headers may take', async () => {
    const socket = await open();
    await sleep(1_000);
    const answer = readAnswer(socket);
    socket.write('GET /in/nobody/nothing HTTP/1.1\r\nhost: callbox\r\n\r\n');
    expect((await answer).status).toBe(404);
  });

  test('whose headers never end is answered 408 and closed', async () => {
    const socket = await open();
    const answer = readAnswer(socket);
    socket.write(head(10).slice(0, -2));
    const end = dribble(socket, 'x-more: 1\r\n', 50);
    const { status, body } = await answer;
    expect(status).toBe(408);
    expect(JSON.parse(body)).toMatchObject({ status: 408, code: 'request_timeout' });
    await closed(socket);
    end();
  });

  test('is closed when it has been idle for long, and was good for another request before', async () => {
    const socket = await open();
    for (const path of ['/in/nobody/nothing', '/in/nobody/else']) {
      const answer = readAnswer(socket);
      socket.write(`GET ${path} HTTP/1.1\r\nhost: callbox\r\n\r\n`);
      expect((await answer).status).toBe(404);
    }
    await closed(socket);
  });

  test('is refused when there are too many, and the idle ones make room for the next', async () => {
    for (let count = 0; count < MOST_CONNECTIONS + 10; count += 1) await open();
    // Those that have asked for nothing yet may be about to: the newest are closed.
    await Promise.all(sockets.slice(-10).map(closed));
    await eventually(async () => expect(await genuine()).toBe(200));
  });

  test.each([
    ['say nothing', ''],
    ['never come to the end of their headers', 'POST /in/a/b HTTP/1.1\r\n'],
  ])('can be had however many %s', async (_, said) => {
    const occupy = async (): Promise<void> => {
      const socket = await open();
      socket.write(said);
      await closed(socket);
    };
    await amid(MOST_CONNECTIONS + 50, occupy, () => genuineOnes(5));
  });
});

describe('a body', () => {
  test('of which nothing comes any more is answered 408, and the connection closed', async () => {
    const socket = await open();
    const answer = readAnswer(socket);
    socket.write(`${head(100)}{"event":`);
    const { status, head: headers, body } = await answer;
    expect(status).toBe(408);
    expect(headers).toMatch(/^connection: close\r?$/im);
    expect(JSON.parse(body)).toMatchObject({ status: 408, code: 'request_timeout' });
    await closed(socket);
  });

  test('that dribbles is answered 408, declared or not', async () => {
    const declared = await open();
    const chunked = await open();
    const answers = [readAnswer(declared), readAnswer(chunked)];
    declared.write(head(50_000));
    chunked.write(head(0).replace('content-length: 0', 'transfer-encoding: chunked'));
    const ends = [dribble(declared, 'a', 50), dribble(chunked, '1\r\na\r\n', 50)];
    for (const answer of await Promise.all(answers))
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'request_timeout' });
    ends.forEach((end) => end());
  });

  test('that comes steadily is taken although it takes long', async () => {
    const body = JSON.stringify({ event: 'run.completed', run_id: 'steady', filler: 'x'.repeat(20_000) });
    const socket = await open();
    const answer = readAnswer(socket);
    socket.write(head(body.length, hexHmac(source.secret, body)));
    let sent = 0;
    const timer = setInterval(() => {
      socket.write(body.slice(sent, sent + 1_000));
      sent += 1_000;
      if (sent >= body.length) clearInterval(timer);
    }, 50);
    expect(JSON.parse((await answer).body)).toMatchObject({ status: 'accepted' });
  });

  test('that comes steadily without end is cut', async () => {
    const socket = await open();
    const answer = readAnswer(socket);
    socket.write(head(LARGEST_BODY_BYTES));
    const end = dribble(socket, 'x'.repeat(150), 50);
    expect((await answer).status).toBe(408);
    await closed(socket);
    end();
  });

  test('over the limit is answered 413 while it is still coming, and nothing of it is stored', async () => {
    const chunk = `${(10_000).toString(16)}\r\n${'x'.repeat(10_000)}\r\n`;
    const chunked = head(0).replace('content-length: 0', 'transfer-encoding: chunked');
    const answer = await sendRaw(app.url, chunked, chunk.repeat(11));
    expect(answer.status).toBe(413);
  });
});

test('slow senders that come again and again cannot keep a genuine callback out', async () => {
  let opened = 0;
  // Each declares the largest body; whoever is cut comes again at once.
  const slow = async (): Promise<void> => {
    opened += 1;
    const socket = await open();
    socket.write(head(LARGEST_BODY_BYTES));
    const end = dribble(socket, 'x'.repeat(60), 50);
    await closed(socket);
    end();
  };
  await amid(150, slow, async () => {
    await eventually(() => expect(opened).toBeGreaterThanOrEqual(150));
    await genuineOnes(20);
  });
});
