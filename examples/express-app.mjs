// An Express app that takes genuine callbacks only, whoever sends them. It needs express and @callbox/providers:
// PROVIDER=stripe CALLBACK_SECRET=whsec_… node express-app.mjs
import { findPreset } from '@callbox/providers';
import { headerPairs } from '@callbox/signatures';
import express from 'express';

const { PROVIDER = 'runflow', CALLBACK_SECRET = '', PORT = '3000' } = process.env;
// Some providers sign the URL that they were told, so the app must know its own.
const { PUBLIC_URL = `http://localhost:${PORT}` } = process.env;

const preset = findPreset(PROVIDER);
if (preset === null) throw new Error(`unknown provider: ${PROVIDER}`);
const key = preset.scheme.prepareKey(CALLBACK_SECRET);
if (!key.ok) throw new Error(`CALLBACK_SECRET: ${key.problem}`);
const keys = [{ id: 'current', material: key.material }];

/** Lets a request pass when its bytes are the ones that the provider signed. */
async function verifyCallback(request, response, next) {
  const signed = {
    method: request.method,
    url: PUBLIC_URL + request.originalUrl,
    headers: headerPairs(request.rawHeaders),
    body: request.body ?? Buffer.alloc(0),
  };
  const verdict = await preset.scheme.verify(signed, keys, { nowMs: Date.now() });
  if (verdict.ok) next();
  else response.status(401).json({ error: 'signature_invalid' });
}

// The raw body, whatever its type: parsed and written again it would be other bytes.
const rawBody = express.raw({ type: () => true, inflate: false, limit: '10mb' });

const app = express();
app.post('/callbacks', rawBody, verifyCallback, (request, response) => {
  response.json({ received: request.body.length });
});
const server = app.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`listening on port ${server.address().port}`),
);
