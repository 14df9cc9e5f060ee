// An app that receives Runflow callbacks, with nothing but Node: it checks the signature over the raw body, as
// Runflow's own guide does. Start it with the callback secret: CALLBACK_SECRET=whsec_… node examples/runflow-app.mjs
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = process.env.CALLBACK_SECRET ?? '';
const port = Number(process.env.PORT ?? 3000);

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const expected = Buffer.from(createHmac('sha256', secret).update(body).digest('hex'));
    const given = Buffer.from(request.headers['runflow-signature'] ?? '');
    const genuine = given.length === expected.length && timingSafeEqual(given, expected);
    console.log(genuine ? `app: genuine, ${body}` : 'app: refused, bad signature');
    response.writeHead(genuine ? 200 : 401).end();
  });
}).listen(port, '127.0.0.1', () => console.log(`app: listening on http://127.0.0.1:${port}`));
