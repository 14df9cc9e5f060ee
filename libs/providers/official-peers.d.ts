// Official packages that bring no types of their own: as much of them as their use as a peer needs.

declare module 'braintree' {
  interface Gateway {
    readonly webhookNotification: { parse(signature: string, payload: string): Promise<unknown> };
    readonly webhookTesting: {
      sampleNotification(
        kind: string,
        id: string,
      ): Promise<{ readonly bt_signature: string; readonly bt_payload: string }>;
    };
  }
  export const Environment: { readonly Sandbox: unknown };
  export const BraintreeGateway: new (settings: {
    readonly environment: unknown;
    readonly merchantId: string;
    readonly publicKey: string;
    readonly privateKey: string;
  }) => Gateway;
}

declare module 'smartcar' {
  export function hashChallenge(token: string, challenge: string): string;
  export function verifyPayload(token: string, signature: string, body: unknown): boolean;
}

declare module 'sns-validator' {
  export default class MessageValidator {
    validate(message: object, callback: (error: Error | null, message?: object) => void): void;
  }
}
