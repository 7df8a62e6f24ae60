import {
  ConfigurationBotFrameworkAuthentication,
  ConfigurationServiceClientCredentialFactory,
} from 'botbuilder';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import { timely } from '../../base/timely.ts';
import { type Activity, tenantOf } from './activity.ts';
import { quietly } from './quiet-library.ts';

const ISSUER = 'https://api.botframework.com';
const SCOPE = 'https://api.botframework.com';
const LOGIN = 'https://login.microsoftonline.com/';
const OPEN_ID_METADATA = 'https://login.botframework.com/v1/.well-known/openidconfiguration';
const EMULATOR_METADATA =
  'https://login.microsoftonline.com/botframework.com/v2.0/.well-known/openid-configuration';
/** Neither library gives up by itself. */
const PATIENCE_MS = 10_000;
const TOKEN_URL = 'https://token.botframework.com';
/** Where Teams' Bot Connector is, for everybody and for the US government's community cloud. */
const TEAMS_HOST = /^(smba\.trafficmanager\.net|([\w-]+\.)+teams\.microsoft\.com)$/;

/** Another Bot Connector than Microsoft's: where its keys are, and the token that m0 proves itself with to it. */
export interface OtherConnector {
  readonly openIdMetadata: string;
  readonly accessToken: string;
}

export interface IdentityOptions {
  readonly appId: string | null;
  readonly appPassword: string | null;
  /** The only organisation that is heard; null: only people of m0.yaml are. */
  readonly tenantId: string | null;
  /** True: without an app id anybody on this machine is believed to be anybody. */
  readonly insecureLoopback: boolean;
  readonly connector?: OtherConnector | undefined;
  /** How long Microsoft's keys and sign-in are waited for, in ms. */
  readonly patienceMs?: number;
  readonly log: Logger;
}

/** Why a request is not answered, as an HTTP status and the word for it. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly why: string;
}

export function isLoopbackHost(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** A service's address as it is called: TLS, or this machine. Null for any other. */
export function serviceAddress(serviceUrl: string): URL | null {
  const url = URL.parse(serviceUrl);
  if (url === null || url.username !== '' || url.password !== '') return null;
  if (url.hash !== '' || url.search !== '') return null;
  const fine = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
  return fine ? url : null;
}

/** Microsoft's own clients tell service URLs apart without their case and closing slash, too. */
function isSame(one: unknown, other: string): boolean {
  const plain = (url: string): string => url.replace(/\/$/, '').toLowerCase();
  return typeof one === 'string' && plain(one) === plain(other);
}

/** Proves to m0 who sends a request, and to the Bot Connector who m0 is. */
export class Identity {
  readonly #options: IdentityOptions;
  /** As tokens name it. */
  readonly #appId: string | null;
  readonly #authentication: ConfigurationBotFrameworkAuthentication;
  readonly #patienceMs: number;
  readonly #credentials: ConfigurationServiceClientCredentialFactory;

  /** Throws where nobody could be told from anybody. */
  constructor(options: IdentityOptions) {
    const { appPassword, tenantId, connector } = options;
    const appId = options.appId?.toLowerCase() ?? null;
    if (appId === null && !options.insecureLoopback) {
      throw new Error(
        'starting Teams: MICROSOFT_APP_ID is not set, so anybody could pass for an approver: set it, with MICROSOFT_APP_PASSWORD and MICROSOFT_APP_TENANT_ID (M0_TEAMS_INSECURE_LOOPBACK=1 is for a local client only)',
      );
    }
    if (appId !== null && appPassword === null) {
      throw new Error('starting Teams: MICROSOFT_APP_PASSWORD is not set');
    }
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#appId = appId;
    const app =
      appId === null || appPassword === null
        ? {}
        : {
            MicrosoftAppId: appId,
            MicrosoftAppPassword: appPassword,
            ...(tenantId === null
              ? { MicrosoftAppType: 'MultiTenant' }
              : { MicrosoftAppType: 'SingleTenant', MicrosoftAppTenantId: tenantId }),
          };
    this.#credentials = new ConfigurationServiceClientCredentialFactory(app);
    this.#authentication = new ConfigurationBotFrameworkAuthentication(
      {
        ...app,
        ValidateAuthority: true,
        ToChannelFromBotLoginUrl: `${LOGIN}${tenantId ?? 'botframework.com'}`,
        ToChannelFromBotOAuthScope: SCOPE,
        ToBotFromChannelTokenIssuer: ISSUER,
        OAuthUrl: TOKEN_URL,
        ToBotFromChannelOpenIdMetadataUrl: connector?.openIdMetadata ?? OPEN_ID_METADATA,
        ToBotFromEmulatorOpenIdMetadataUrl: EMULATOR_METADATA,
      },
      this.#credentials,
    );
  }

  /** True where requests are believed without a token. */
  get open(): boolean {
    return this.#appId === null;
  }

  /** Where m0 calls a service, and with its token; null: it doesn't. */
  address(serviceUrl: string): URL | null {
    const address = serviceAddress(serviceUrl);
    if (address === null || this.open || this.#options.connector !== undefined) return address;
    return TEAMS_HOST.test(address.hostname) ? address : null;
  }

  /**
   * Null where the request may be heard: signed by the Bot Connector for this app, from where the activity says,
   * out of the organisation that m0 belongs to. `isKnown`: whether a sender is one of m0.yaml's people.
   */
  async refuse(
    activity: Activity,
    authorization: string,
    isKnown: (aadObjectId: string) => boolean,
  ): Promise<Refusal | null> {
    const address = this.address(activity.serviceUrl);
    if (address === null) {
      return { status: 403, why: `its service URL is none of Teams': ${activity.serviceUrl.slice(0, 200)}` };
    }
    if (this.open) {
      return isLoopbackHost(address.hostname)
        ? this.#refuseTenant(activity, true)
        : { status: 403, why: 'without an app id only this machine is answered' };
    }
    const claims = claimsIn(authorization);
    // Looked at first because botbuilder also takes tokens of its Emulator, which users of any organisation can have.
    if (claims === null || claims.iss !== ISSUER)
      return { status: 401, why: 'no token of the Bot Connector' };
    if (claims.aud !== this.#appId) return { status: 401, why: 'the token is for another app' };
    try {
      // It reads only this of it, and the service URL, which is compared below.
      const read = { channelId: activity.channelId } as never;
      const { claimsIdentity } = await timely(
        "asking for Microsoft's keys",
        this.#patienceMs,
        quietly(() => this.#authentication.authenticateRequest(read, authorization)),
      );
      if (!claimsIdentity.isAuthenticated) return { status: 401, why: 'the token is not valid' };
      if (!isSame(claimsIdentity.getClaimValue('serviceurl'), activity.serviceUrl)) {
        return { status: 401, why: 'the token is for another service URL' };
      }
    } catch (error) {
      return { status: 401, why: errorText(error) };
    }
    const { aadObjectId } = activity.from;
    return this.#refuseTenant(activity, typeof aadObjectId === 'string' && isKnown(aadObjectId));
  }

  #refuseTenant(activity: Activity, isKnown: boolean): Refusal | null {
    const { tenantId } = this.#options;
    // Without a tenant to compare with, only people of m0.yaml are heard.
    const fine = tenantId === null ? isKnown : tenantOf(activity)?.toLowerCase() === tenantId.toLowerCase();
    return fine ? null : { status: 403, why: 'it comes from another organisation' };
  }

  /** Headers that prove to the Bot Connector who m0 is. Rejects where Microsoft gives no token. */
  async headers(): Promise<Headers> {
    const headers = new Headers();
    if (this.open) return headers;
    const { tenantId, connector } = this.#options;
    if (connector !== undefined) {
      headers.set('authorization', `Bearer ${connector.accessToken}`);
      return headers;
    }
    const signIn = async (): Promise<void> => {
      const authority = `${LOGIN}${tenantId ?? 'botframework.com'}`;
      const credentials = await this.#credentials.createCredentials(
        this.#appId ?? '',
        SCOPE,
        authority,
        true,
      );
      await credentials.signRequest({ headers } as never);
    };
    await timely('asking for a token', this.#patienceMs, signIn());
    return headers;
  }
}

/** What a token says of itself, before anybody has proven it. */
function claimsIn(authorization: string): { readonly iss?: unknown; readonly aud?: unknown } | null {
  const token = /^Bearer [\w-]+\.([\w-]+)\.[\w-]+$/.exec(authorization);
  if (token === null) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(token[1] ?? '', 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? claims : null;
  } catch {
    return null;
  }
}
