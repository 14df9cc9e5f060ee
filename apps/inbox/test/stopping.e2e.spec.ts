import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { defaultLimits } from '#config';
import { eventually, hexHmac, TestApp } from '#testing';

interface Answered {
  readonly status: number | undefined;
  readonly connection: string | undefined;
}

/** Starts a Callbox, and stops it at the end unless the test has. */
async function started(drainWithinMs = defaultLimits.drainWithinMs) {
  const app = await TestApp.start({ settings: { limits: { ...defaultLimits, drainWithinMs } } });
  const tenant = await app.tenant();
  return { app, source: await tenant.source('runflow', { config: { dedupe: { window_seconds: 0 } } }) };
}

/** A sender that keeps its connection and sends one callback after another, until it is refused. */
class BusySender {
  readonly answers: Answered[] = [];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly ended: Promise<void>;
  isStopped = false;

  constructor(
    private readonly url: string,
    private readonly secret: string,
  ) {
    this.ended = this.run();
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      const answer = await this.post();
      if (answer === null) break;
      this.answers.push(answer);
    }
    this.#agent.destroy();
  }

  private post(): Promise<Answered | null> {
    const body = '{"event":"run.completed","run_id":"busy"}';
    const headers = { 'runflow-signature': hexHmac(this.secret, body) };
    return new Promise((resolve) => {
      request(this.url, { method: 'POST', agent: this.#agent, headers }, (response) => {
        const { statusCode: status, headers: answered } = response;
        response.resume().once('close', () => resolve({ status, connection: answered.connection }));
      })
        .once('error', () => resolve(null))
        .end(body);
    });
  }
}

describe('a process that stops', () => {
  test('takes leave of senders that go on sending on their connections', async () => {
    const { app, source } = await started();
    const senders = Array.from({ length: 8 }, () => new BusySender(source.url, source.secret));
    try {
      await eventually(() => {
        for (const { answers } of senders) expect(answers.length).toBeGreaterThan(5);
      });
      await app.stop();
      await Promise.all(senders.map(({ ended }) => ended));
      const answers = senders.flatMap((sender) => sender.answers);
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      for (const { answers: own } of senders)
        expect(own.slice(0, -1).filter(({ connection }) => connection === 'close')).toEqual([]);
    } finally {
      for (const sender of senders) sender.isStopped = true;
    }
  });

  test('does not wait for a request that never ends', async () => {
    const { app, source } = await started(200);
    const { port, pathname } = new URL(source.url);
    const socket = connect(Number(port), '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve).on('error', () => undefined));
    await new Promise((resolve) => socket.write(`POST ${pathname} HTTP/1.1\r\nHost: localhost\r\n`, resolve));
    await app.stop();
    await closed;
  });
});
