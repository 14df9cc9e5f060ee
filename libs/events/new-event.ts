/** A verified callback on its way into the store. */
export interface NewEvent {
  readonly tenantId: string;
  readonly id: string;
  readonly sourceId: string;
  readonly provider: string;
  readonly type: string | null;
  readonly providerEventId: string | null;
  readonly runId: string | null;
  readonly receivedAtMs: number;
  readonly method: string;
  readonly path: string;
  /** As received, without the question mark. */
  readonly query: string;
  readonly contentType: string | null;
  /** In the order received; the values of sensitive headers are `null` here and stand in `sensitiveHeaders`. */
  readonly headers: readonly (readonly [name: string, value: string | null])[];
  readonly sensitiveHeaders: Buffer | null;
  readonly body: Buffer;
  readonly scheme: string;
  readonly secretId: string | null;
  readonly signedAtMs: number | null;
  /** What makes it the same event as another one of its source, and for how long; `null`: nothing does. */
  readonly dedupe: { readonly key: string; readonly windowSeconds: number } | null;
}
