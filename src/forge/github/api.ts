/** GitHub's API for one repository, with a token or as an installation of an app. */

import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/core';
import { errorText } from '../../base/error-text.ts';
import { readToken } from '../../git/access.ts';
import { type AppCredential, credentialName, type TokenCredential } from '../../git/credentials.ts';
import { ForgeError } from '../../ports/forge.ts';
import { failedWith, refusedBy } from '../failure.ts';
import { originOf, type Repository } from '../host.ts';

/** Time limit of one request in ms. */
const TIME_LIMIT_MS = 30_000;
/** A token of an installation is not used any more when it has less than this left, in ms. */
const MARGIN_MS = 5 * 60_000;

export interface GitHubApi {
  readonly owner: string;
  readonly repo: string;
  readonly octokit: Octokit;
  /** For pushing by git. */
  readonly pushCredential: TokenCredential;
  /** Runs one request. `doing` is for the message of the ForgeError with which it rejects. */
  ask<T>(doing: string, request: (options: { readonly signal: AbortSignal }) => Promise<T>): Promise<T>;
}

/** The address of the API: of github.com, of a tenant with its own domain, or of a GitHub Enterprise Server. */
function apiOf(repository: Repository): string {
  const { host } = repository;
  if (host === 'github.com' || host.endsWith('.ghe.com')) return `https://api.${host}`;
  return `${originOf(repository)}/api/v3`;
}

/** Opens the API of a repository; makes a token for it where the credential is an app. */
export type OpenGitHub = (repository: Repository, signal: AbortSignal) => Promise<GitHubApi>;

export function createGitHubApi(clock: () => number): OpenGitHub {
  const tokens = new Map<string, { readonly token: string; readonly until: number }>();

  /** A token for this repository alone, with no more rights than m0 needs. */
  async function installationToken(
    repository: Repository,
    credential: AppCredential,
    signal: AbortSignal,
  ): Promise<string> {
    const baseUrl = apiOf(repository);
    const [owner = '', repo = ''] = repository.path;
    const key = JSON.stringify([baseUrl, credential.appId, owner, repo]);
    const known = tokens.get(key);
    if (known !== undefined && known.until - clock() > MARGIN_MS) return known.token;
    const what = `${credentialName(credential)} at ${owner}/${repo}`;
    const privateKey = credential.readPrivateKey();
    const octokit = quietOctokit({
      baseUrl,
      authStrategy: createAppAuth,
      auth: { appId: credential.appId, privateKey },
    });
    const ask = asking(signal, clock, [privateKey]);
    const { data: installation } = await ask(`finding the installation of the app of ${what}`, (request) =>
      octokit.request('GET /repos/{owner}/{repo}/installation', { owner, repo, request }),
    );
    const { data } = await ask(`getting a token for the app of ${what}`, (request) =>
      octokit.request('POST /app/installations/{installation_id}/access_tokens', {
        installation_id: installation.id,
        repositories: [repo],
        permissions: { contents: 'write', pull_requests: 'write' },
        request,
      }),
    );
    const until = Date.parse(data.expires_at);
    tokens.set(key, { token: data.token, until: Number.isNaN(until) ? 0 : until });
    return data.token;
  }

  return async (repository, signal) => {
    const { credential } = repository;
    const [owner = '', repo = ''] = repository.path;
    if (credential.kind === 'sshKey') {
      throw new ForgeError(
        `${credentialName(credential)} is an sshKey, and the API needs a token or an app`,
        {
          permanent: true,
        },
      );
    }
    const token =
      credential.kind === 'token'
        ? readToken(credential)
        : await installationToken(repository, credential, signal);
    const { name, for: address, scope } = credential;
    return {
      owner,
      repo,
      octokit: quietOctokit({ baseUrl: apiOf(repository), auth: token }),
      pushCredential:
        credential.kind === 'token'
          ? credential
          : { kind: 'token', name, for: address, scope, username: null, readToken: () => token },
      ask: asking(signal, clock, [token]),
    };
  };
}

function quietOctokit(options: ConstructorParameters<typeof Octokit>[0]): Octokit {
  const quiet = () => {};
  // Its own log would hold addresses and answers of the host.
  return new Octokit({
    ...options,
    userAgent: 'm0',
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
}

function asking(signal: AbortSignal, clock: () => number, secrets: readonly string[]): GitHubApi['ask'] {
  return async (doing, request) => {
    try {
      return await request({ signal: AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]) });
    } catch (error) {
      signal.throwIfAborted();
      const status = statusOf(error);
      if (status === null) throw failedWith(doing, error, secrets);
      throw refusedBy(doing, { status, headers: headersOf(error), text: errorText(error) }, clock(), secrets);
    }
  };
}

/** The status of the answer; null where there was none. */
function statusOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('status' in error) || !('response' in error)) return null;
  return error.response !== undefined && typeof error.status === 'number' ? error.status : null;
}

function headersOf(error: unknown): Readonly<Record<string, string>> {
  const { response } = error as { response?: { headers?: Record<string, string> } };
  return response?.headers ?? {};
}
