import type { AddressInfo } from 'node:net';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SETTINGS, type Settings } from '#config';
import { problem } from '#errors';
import { AddressPolicy, type HeaderList, OutboundClient } from '#outbound';

const TIMEOUT_MS = 10_000;

/** What the inbox answered. */
interface InboxAnswer {
  readonly statusCode: number;
  readonly body: Buffer;
}

/**
 * Sends callbacks to an inbox over HTTP, as a provider would: to that of this very process where it runs one, for
 * PUBLIC_URL need not be reachable from inside; else by PUBLIC_URL.
 */
@Injectable()
export class OwnInbox implements OnApplicationShutdown {
  #client: { readonly baseUrl: string; readonly http: OutboundClient } | undefined;

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onApplicationShutdown(): void {
    this.#client?.http.close();
  }

  /** Sends a callback to the path of an ingest URL. */
  async post(path: string, headers: HeaderList, body: Buffer): Promise<InboxAnswer> {
    this.#client ??= this.connect();
    const { baseUrl, http } = this.#client;
    const result = await http.send({
      method: 'POST',
      url: baseUrl + path,
      headers,
      body,
      timeoutMs: TIMEOUT_MS,
    });
    if (!result.ok) throw problem('unavailable', `The inbox could not be reached: ${result.error}`);
    return result;
  }

  private connect(): { baseUrl: string; http: OutboundClient } {
    const { roles, publicUrl, allowedDestinations } = this.settings;
    if (!roles.includes('inbox'))
      return {
        baseUrl: publicUrl,
        http: new OutboundClient({ policy: new AddressPolicy(allowedDestinations) }),
      };
    const server = this.adapterHost.httpAdapter.getHttpServer() as { address(): AddressInfo };
    const { address, port } = server.address();
    const own = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address] ?? address;
    const host = own.includes(':') ? `[${own}]` : own;
    return {
      baseUrl: `http://${host}:${port}`,
      http: new OutboundClient({ policy: new AddressPolicy([own]) }),
    };
  }
}
