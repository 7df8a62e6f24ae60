/** Signs the local Teams' requests to the bot. */
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { Json } from './model.ts';

const ISSUER = 'https://api.botframework.com';
/** Both in seconds, as in the claims. */
const LIFETIME = 3_600;
const SKEW = 60;

/** Signs requests to a bot as the Bot Connector does, with keys that exist only in this process. */
export class Signer {
  readonly #appId: string;
  readonly #serviceUrl: string;
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  /** The id of the keys. It is part of the address of their metadata, because botbuilder keeps keys by that address. */
  readonly keyId = randomUUID();
  readonly #now: () => number;

  /** `now` returns ms since epoch. */
  constructor(appId: string, serviceUrl: string, now: () => number) {
    this.#appId = appId;
    this.#serviceUrl = serviceUrl;
    this.#now = now;
  }

  /** The document in which a bot finds the address of the keys. */
  metadata(keysUrl: string): Json {
    return { issuer: ISSUER, jwks_uri: keysUrl };
  }

  keys(): Json {
    const jwk = this.#keys.publicKey.export({ format: 'jwk' });
    return { keys: [{ ...jwk, kid: this.keyId, use: 'sig', endorsements: ['msteams'] }] };
  }

  /** A token for the app. `change` overrides claims; `key` replaces the signing key. */
  token(change: Json = {}, key: KeyObject = this.#keys.privateKey): string {
    const now = Math.floor(this.#now() / 1_000);
    const claims = {
      iss: ISSUER,
      aud: this.#appId,
      nbf: now - SKEW,
      exp: now + LIFETIME,
      serviceurl: this.#serviceUrl,
      ...change,
    };
    const signed = `${part({ alg: 'RS256', typ: 'JWT', kid: this.keyId })}.${part(claims)}`;
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
  }
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
