/** Authenticates requests from Teams, and m0 to the Bot Connector. */
import {
  ConfigurationBotFrameworkAuthentication,
  ConfigurationServiceClientCredentialFactory,
} from 'botbuilder';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import { withTimeout } from '../../base/timely.ts';
import { type Activity, tenantOf } from './activity.ts';
import { withoutConsoleErrors } from './quiet-library.ts';

const ISSUER = 'https://api.botframework.com';
const SCOPE = 'https://api.botframework.com';
const LOGIN = 'https://login.microsoftonline.com/';
const OPEN_ID_METADATA = 'https://login.botframework.com/v1/.well-known/openidconfiguration';
const EMULATOR_METADATA =
  'https://login.microsoftonline.com/botframework.com/v2.0/.well-known/openid-configuration';
/** Time limit for Microsoft's keys and sign-in. Neither library has one. */
const TIMEOUT_MS = 10_000;
const TOKEN_URL = 'https://token.botframework.com';
/** Hosts of Teams' Bot Connector: the public cloud, and the US government's community cloud. */
const TEAMS_HOST = /^(smba\.trafficmanager\.net|([\w-]+\.)+teams\.microsoft\.com)$/;

/** A Bot Connector other than Microsoft's: where its keys are, and the token that authenticates m0 to it. */
export interface OtherConnector {
  readonly openIdMetadata: string;
  readonly accessToken: string;
}

export interface IdentityOptions {
  readonly appId: string | null;
  readonly appPassword: string | null;
  /** The only organisation whose requests are accepted. Null: only people of m0.yaml are. */
  readonly tenantId: string | null;
  /** True: without an app id, every request from this machine is believed, with any sender. */
  readonly insecureLoopback: boolean;
  readonly connector?: OtherConnector | undefined;
  /** Time limit for Microsoft's keys and sign-in, in ms. */
  readonly timeoutMs?: number;
  readonly log: Logger;
}

/** Why a request is refused: an HTTP status, and the reason for the log. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly why: string;
}

export function isLoopbackHost(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** The URL of a service if m0 may call it: https, or http on this machine. Otherwise null. */
export function serviceAddress(serviceUrl: string): URL | null {
  const url = URL.parse(serviceUrl);
  if (url === null || url.username !== '' || url.password !== '') return null;
  if (url.hash !== '' || url.search !== '') return null;
  const isAllowed = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
  return isAllowed ? url : null;
}

/** Compares service URLs as Microsoft's own clients do: without case and final slash. */
function isSameServiceUrl(one: unknown, other: string): boolean {
  const normalized = (url: string): string => url.replace(/\/$/, '').toLowerCase();
  return typeof one === 'string' && normalized(one) === normalized(other);
}

/** Checks who sends a request, and authenticates m0 to the Bot Connector. */
export class Identity {
  readonly #options: IdentityOptions;
  /** In lower case, as in tokens. */
  readonly #appId: string | null;
  readonly #authentication: ConfigurationBotFrameworkAuthentication;
  readonly #timeoutMs: number;
  readonly #credentials: ConfigurationServiceClientCredentialFactory;

  /** Throws if the settings would let anybody act as somebody else. */
  constructor(options: IdentityOptions) {
    const { appPassword, tenantId, connector } = options;
    const appId = options.appId?.toLowerCase() ?? null;
    if (appId === null && !options.insecureLoopback) {
      throw new Error(
        'starting Teams: MICROSOFT_APP_ID is not set, so anybody could act as an approver: set it, with MICROSOFT_APP_PASSWORD and MICROSOFT_APP_TENANT_ID (M0_TEAMS_INSECURE_LOOPBACK=1 is for a local client only)',
      );
    }
    if (appId !== null && appPassword === null) {
      throw new Error('starting Teams: MICROSOFT_APP_PASSWORD is not set');
    }
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
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

  /** The URL at which m0 calls a service, with its token. Null where m0 must not call it. */
  address(serviceUrl: string): URL | null {
    const address = serviceAddress(serviceUrl);
    if (address === null || this.open || this.#options.connector !== undefined) return address;
    return TEAMS_HOST.test(address.hostname) ? address : null;
  }

  /**
   * Why the request is refused, or null where it is accepted: signed by the Bot Connector for this app, from
   * the service URL in the activity, and from m0's organisation. `isKnown` says whether a sender is a person
   * of m0.yaml.
   */
  async refusalOf(
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
        ? this.#tenantRefusal(activity, true)
        : { status: 403, why: 'without an app id only this machine is answered' };
    }
    const claims = claimsIn(authorization);
    // Checked first, because botbuilder also accepts tokens of its Emulator, which users of any organisation
    // can get.
    if (claims === null || claims.iss !== ISSUER)
      return { status: 401, why: 'no token of the Bot Connector' };
    if (claims.aud !== this.#appId) return { status: 401, why: 'the token is for another app' };
    try {
      // authenticateRequest reads only the channel id and the service URL; the latter is compared below.
      const read = { channelId: activity.channelId } as never;
      const { claimsIdentity } = await withTimeout(
        "asking for Microsoft's keys",
        this.#timeoutMs,
        withoutConsoleErrors(() => this.#authentication.authenticateRequest(read, authorization)),
      );
      if (!claimsIdentity.isAuthenticated) return { status: 401, why: 'the token is not valid' };
      if (!isSameServiceUrl(claimsIdentity.getClaimValue('serviceurl'), activity.serviceUrl)) {
        return { status: 401, why: 'the token is for another service URL' };
      }
    } catch (error) {
      return { status: 401, why: errorText(error) };
    }
    const { aadObjectId } = activity.from;
    return this.#tenantRefusal(activity, typeof aadObjectId === 'string' && isKnown(aadObjectId));
  }

  #tenantRefusal(activity: Activity, isKnown: boolean): Refusal | null {
    const { tenantId } = this.#options;
    // Without a tenant to compare with, only people of m0.yaml are accepted.
    const isAllowed =
      tenantId === null ? isKnown : tenantOf(activity)?.toLowerCase() === tenantId.toLowerCase();
    return isAllowed ? null : { status: 403, why: 'it comes from another organisation' };
  }

  /** Headers that authenticate m0 to the Bot Connector. Rejects where Microsoft issues no token. */
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
    await withTimeout('asking for a token', this.#timeoutMs, signIn());
    return headers;
  }
}

/** The claims of a token, not verified yet. */
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
