// What specs stand on: a whole application on a database of its own, a scripted receiver, waiting for conditions.
// May know: everything.
// Must not: be imported by shipped code.
export { createDatabase, openPool, rowsReadBy, type TestDatabase } from './database.js';
export { eventually } from './eventually.js';
export { KEY_SERVER, KeyServer, type KeyServerMood } from './key-server.js';
export { Receiver, type ReceivedRequest } from './receiver.js';
export { ServerProcess, type ServerSettings } from './server-process.js';
export { send, type Answer } from './send.js';
export { TestApp } from './test-app.js';
export { TestTenant } from './test-tenant.js';
export { hexHmac, qstashToken } from './signing.js';
