// HTTP requests to addresses that others have named: to destinations, and for keys that a provider publishes.
// May know: sockets, DNS, TLS, HTTP and which addresses are public. The only room that opens connections outward.
// Must not: know what is sent or why, retry, sign, or tell callers anything of the network but a code.
export { AddressPolicy, parseAllowList } from './address-policy.js';
export { DocumentCache, type DocumentQuestion } from './document-cache.js';
export { checkUrl } from './destination.js';
export type { UrlCheck } from './destination.js';
export { SystemResolver } from './name-resolver.js';
export type { NameResolver } from './name-resolver.js';
export { OutboundClient } from './outbound-client.js';
export type { OutboundClientOptions, OutboundRequest, OutboundResult } from './outbound-client.js';
export { OUTBOUND_FAILURES } from './outbound-failure.js';
export type { OutboundFailureCode, PartialAnswer } from './outbound-failure.js';
export { isConnectionHeader } from './request-headers.js';
export type { HeaderList } from './request-headers.js';
