import { createHmac, timingSafeEqual } from 'node:crypto';
import { fastify } from 'fastify';

// What any inbox must at least do for a callback: read the bytes, compute one HMAC, answer.
const [, , port, secret = ''] = process.argv;
const server = fastify();
server.removeAllContentTypeParsers();
server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
server.get('/ready', () => 'ok');
server.post('/in', (request, reply) => {
  const expected = createHmac('sha256', secret)
    .update(request.body as Buffer)
    .digest();
  const given = Buffer.from(String(request.headers['callbox-signature']), 'hex');
  const genuine = given.length === expected.length && timingSafeEqual(given, expected);
  return reply.code(genuine ? 200 : 401).send({ status: genuine ? 'accepted' : 'refused' });
});
await server.listen({ port: Number(port), host: '127.0.0.1' });
