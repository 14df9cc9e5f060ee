/** What stands above the operations in Swagger UI: the way through them. */
export const introduction = `
A webhook inbox and callback-secret manager. Providers post callbacks to a source; what is signed with one of its
callback secrets is stored, byte for byte, and delivered to your destinations with a fresh signature.

Errors are \`application/problem+json\` (RFC 9457) with a stable \`code\`. Lists are newest first and page by \`cursor\`.
Fields and query parameters that an operation does not know are refused. A POST may carry an \`Idempotency-Key\`. An API
key may send 600 requests a minute (\`CALLBOX_API_RATE_PER_MINUTE\`); \`RateLimit-Remaining\` and \`RateLimit-Reset\` tell how it stands.

### A first walk, here in this page

1. **Authorize** with the API key that the terminal showed (\`api_key\`).
2. *Sources* → **Make a source** with the example \`runflow\`.
3. *Callback secrets* → **Make or import a callback secret** with the first example. \`plain_secret\` is shown this once.
4. *Sources* → **Send a signed sample callback to a source**, with the example “The example of *Receive a callback*”.
   \`status_code\` is 200: verified and stored. Copy the value of its \`Runflow-Signature\`.
5. *Inbox* → **Receive a callback**: paste the signature and leave the body as it is: verified again, and told to be a
   duplicate. Change one character of the signature or of the body: 401, forged.
6. *Events* → **List events**, and get one with its exact headers and body.
7. *Destinations* → **Make a destination** that is your app, then *Redeliveries*: by the event's \`id\`, or by the run \`run_1\`.
   *Deliveries* show every attempt.
8. *Callback secrets* → **Rotate**: both verify. Make the new one current (\`is_current\`), send the usual sample, and
   **Delete** the old one. Before the new one has verified a callback that is refused: the provider may still use the old.
`.trim();
