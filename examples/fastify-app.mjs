// A Fastify app that takes genuine callbacks only, whoever sends them. It needs fastify and @callbox/providers:
// PROVIDER=stripe CALLBACK_SECRET=whsec_… node fastify-app.mjs
import { findPreset } from '@callbox/providers';
import { headerPairs } from '@callbox/signatures';
import Fastify from 'fastify';

const { PROVIDER = 'runflow', CALLBACK_SECRET = '', PORT = '3000' } = process.env;
// Some providers sign the URL that they were told, so the app must know its own.
const { PUBLIC_URL = `http://localhost:${PORT}` } = process.env;

const preset = findPreset(PROVIDER);
if (preset === null) throw new Error(`unknown provider: ${PROVIDER}`);
const key = preset.scheme.prepareKey(CALLBACK_SECRET);
if (!key.ok) throw new Error(`CALLBACK_SECRET: ${key.problem}`);
const keys = [{ id: 'current', material: key.material }];

/** Lets a request pass when its bytes are the ones that the provider signed. */
async function verifyCallback(request, reply) {
  const signed = {
    method: request.method,
    url: PUBLIC_URL + request.url,
    headers: headerPairs(request.raw.rawHeaders),
    body: request.body ?? Buffer.alloc(0),
  };
  const verdict = await preset.scheme.verify(signed, keys, { nowMs: Date.now() });
  if (!verdict.ok) return reply.code(401).send({ error: 'signature_invalid' });
}

const app = Fastify({ bodyLimit: 10 * 1024 * 1024 });
// The raw body, whatever its type: parsed and written again it would be other bytes.
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

app.post('/callbacks', { preHandler: verifyCallback }, (request, reply) => {
  reply.send({ received: request.body?.length ?? 0 });
});
await app.listen({ port: Number(PORT), host: '127.0.0.1' });
console.log(`listening on port ${app.server.address().port}`);
