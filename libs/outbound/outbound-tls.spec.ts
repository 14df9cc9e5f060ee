import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions, type TLSSocket } from 'node:tls';
import { runInThisContext } from 'node:vm';
import { AddressPolicy } from './address-policy.js';
import { issueCertificate, type Certified } from './certificate.fixture.js';
import { OutboundClient } from './outbound-client.js';

const authority = issueCertificate({ name: 'Spec authority' });
const good = issueCertificate({ name: 'good', hosts: ['good.test', '127.0.0.1'], issuer: authority });
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('https', () => {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const options = {
    policy: new AddressPolicy(['127.0.0.1']),
    resolver: { resolve: () => Promise.resolve(['127.0.0.1']) },
    certificateAuthorities: [authority.certificate],
  };
  const client = new OutboundClient(options);
  const impatient = new OutboundClient({ ...options, connectTimeoutMs: 300 });

  const listen = async (server: Server): Promise<number> => {
    servers.push(server);
    server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };

  const serveTls = (
    certified: Certified,
    options: TlsOptions = {},
    seen: TLSSocket[] = [],
  ): Promise<number> => {
    const server = createTlsServer(
      { cert: certified.certificate, key: certified.key, ...options },
      (socket) => {
        seen.push(socket);
        socket.on('error', () => undefined).on('data', () => socket.write(ANSWER));
      },
    );
    server.on('tlsClientError', () => undefined);
    return listen(server);
  };

  const outcomeOf = async (url: string, by = client): Promise<number | string> => {
    const result = await by.send({
      method: 'POST',
      url,
      headers: [],
      body: Buffer.from('x'),
      timeoutMs: 5_000,
    });
    return result.ok ? result.statusCode : result.error;
  };

  afterAll(() => {
    client.close();
    impatient.close();
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  });

  it('names the host to the server, speaks HTTP/1.1 over TLS 1.3 and keeps the connection', async () => {
    const seen: TLSSocket[] = [];
    const port = await serveTls(good, { ALPNProtocols: ['h2', 'http/1.1'] }, seen);
    for (let count = 0; count < 3; count += 1)
      expect(await outcomeOf(`https://good.test:${port}/`)).toBe(200);
    expect(seen.map((socket) => [socket.servername, socket.alpnProtocol, socket.getProtocol()])).toEqual([
      ['good.test', 'http/1.1', 'TLSv1.3'],
    ]);
  });

  it('takes a name with a trailing dot, and an address that stands in the certificate', async () => {
    const seen: TLSSocket[] = [];
    const port = await serveTls(good, {}, seen);
    expect(await outcomeOf(`https://good.test.:${port}/`)).toBe(200);
    expect(await outcomeOf(`https://127.0.0.1:${port}/`)).toBe(200);
    expect(seen.map((socket) => socket.servername)).toEqual(['good.test', false]);
  });

  it('refuses a certificate for another name', async () => {
    const port = await serveTls(good);
    expect(await outcomeOf(`https://other.test:${port}/`)).toBe('tls_name_mismatch');
  });

  it('refuses an expired certificate', async () => {
    const notAfter = new Date(Date.now() - 86_400_000);
    const port = await serveTls(
      issueCertificate({ name: 'old', hosts: ['good.test'], issuer: authority, notAfter }),
    );
    expect(await outcomeOf(`https://good.test:${port}/`)).toBe('tls_certificate_expired');
  });

  it('refuses a certificate of its own making, and one of an unknown authority', async () => {
    const own = await serveTls(issueCertificate({ name: 'own', hosts: ['good.test'] }));
    expect(await outcomeOf(`https://good.test:${own}/`)).toBe('tls_certificate_untrusted');
    const stranger = issueCertificate({ name: 'Stranger' });
    const strange = await serveTls(issueCertificate({ name: 'x', hosts: ['good.test'], issuer: stranger }));
    expect(await outcomeOf(`https://good.test:${strange}/`)).toBe('tls_certificate_untrusted');
  });

  it('refuses them also when NODE_TLS_REJECT_UNAUTHORIZED asks not to', async () => {
    const port = await serveTls(issueCertificate({ name: 'own', hosts: ['good.test'] }));
    // Jest gives specs a copy of the environment; Node itself reads the real one.
    const environment = runInThisContext('process.env') as NodeJS.ProcessEnv;
    environment.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      expect(await outcomeOf(`https://good.test:${port}/`)).toBe('tls_certificate_untrusted');
    } finally {
      delete environment.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });

  it('refuses TLS 1.1 and takes TLS 1.2', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
    expect(await outcomeOf(`https://good.test:${await serveTls(good, old)}/`)).toBe('tls_failed');
    const port = await serveTls(good, { maxVersion: 'TLSv1.2' });
    expect(await outcomeOf(`https://good.test:${port}/`)).toBe(200);
  });

  it('fails against a port that speaks plain HTTP', async () => {
    const port = await listen(
      createTcpServer((socket) => socket.on('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n'))),
    );
    expect(await outcomeOf(`https://good.test:${port}/`)).toBe('tls_failed');
  });

  it('gives up on a handshake that is never answered, and on one that is cut', async () => {
    const silent = await listen(createTcpServer(() => undefined));
    expect(await outcomeOf(`https://good.test:${silent}/`, impatient)).toBe('connection_timeout');
    const cutting = await listen(createTcpServer((socket) => socket.once('data', () => socket.destroy())));
    expect(await outcomeOf(`https://good.test:${cutting}/`)).toBe('connection_reset');
  });
});
