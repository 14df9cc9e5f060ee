/** What the document says of the stream. */
export const streamDescription = `
Server-sent events, one for each callback that is accepted or refused from now on, with the same JSON in \`data\` as in the list of
events (\`event: event\`) or of rejections (\`event: rejection\`); a refused one that is only counted does not come.
The stream goes on without a gap where it was broken off when \`Last-Event-ID\` names the last \`id\` that was received;
most libraries send it by themselves, at any process. The \`EventSource\` of browsers cannot send a key: use \`fetch\` there.
Ids are opaque and bound to this server; an \`id\` comes without \`data\`, too, and is to be remembered all the same. All streams
have one order. Something may come twice, after the database was restored say, so look at the \`id\` in \`data\` where that matters.

A comment comes every 15 seconds when nothing else does. The stream ends when the API key is deleted or expires, and
when the process stops. A process holds 1,000 streams (\`CALLBOX_STREAMS\`, 503 beyond), of one tenant as many as
\`CALLBOX_STREAMS_PER_TENANT\` says (1,000; 429 beyond). Opening one counts as one request.
`.trim();

const example = `retry: 2000
id: 01KAQ3ZX9B0000000000000000~18420

event: event
data: {"id":"01KAQ3ZX9B7T4N2M8V5C6D1E0F","source":"runflow","provider":"runflow","type":"run.completed","provider_event_id":null,"run_id":"run_1","received_at":"2026-11-22T14:00:00.000Z","method":"POST","path":"/in/default/runflow","content_type":"application/json","size":131,"duplicate_count":0,"verification":{"scheme":"hmac","secret_id":"01KAQ3ZX9A0C4N2M8V5C6D1E0F","secret_label":"first","signed_at":null},"deliveries":{"pending":0,"succeeded":0,"failed":0,"held":0}}
id: 01KAQ3ZX9B7T4N2M8V5C6D1E0F.18421

event: rejection
data: {"id":"01KAQ3ZXA27T4N2M8V5C6D1E0F","source":"runflow","received_at":"2026-11-22T14:00:00.450Z","reason":"signature_missing","diagnosis":{"code":"not_signed","cause":"The callback carries no signature.","fix":"Register the callback secret at the provider."},"method":"POST","path":"/in/default/runflow","query":"","headers":[["host","localhost:8080"]],"body_excerpt":"{}","body_excerpt_base64":null,"size":2,"reverifiable":true,"remote_ip":"127.0.0.1"}
id: 01KAQ3ZXA27T4N2M8V5C6D1E0F.18422

: heartbeat
id: 01KAQ40F1M0000000000000000~18977
`;

/** The stream in the document. */
export const streamContent = {
  'text/event-stream': {
    schema: { type: 'string' },
    examples: { stream: { summary: 'An event, a refused callback, then silence', value: example } },
  },
} as const;
