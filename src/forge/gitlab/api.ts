/** GitLab's API, with a token. */
import { createRequesterFn, type RequestHandlerFn, type RequestOptions } from '@gitbeaker/requester-utils';
import { MergeRequestNotes, MergeRequests, PersonalAccessTokens, Projects, Users } from '@gitbeaker/rest';
import { readToken } from '../../git/access.ts';
import { credentialName } from '../../git/credentials.ts';
import { ForgeError } from '../../ports/forge.ts';
import { failedWith, refusedBy } from '../failure.ts';
import { originOf, type Repository } from '../host.ts';

/** Time limit of one request in ms. */
const TIME_LIMIT_MS = 30_000;

export interface GitLabApi {
  /** Path of the project, as GitLab takes it in place of its id. */
  readonly project: string;
  readonly mergeRequests: MergeRequests;
  readonly notes: MergeRequestNotes;
  readonly users: Users;
  readonly projects: Projects;
  readonly tokens: PersonalAccessTokens;
  /** Adds what was attempted to the error with which a request rejects. */
  ask<T>(doing: string, request: () => Promise<T>): Promise<T>;
}

/** An answer that is no success. */
class Refused extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, headers: Readonly<Record<string, string>>, text: string) {
    super(text);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * One request, once: the SDK's own handler asks ten times in a quarter of a second where the host limits requests, and
 * drops what the host says about when to ask again.
 */
function requestOnce(signal: AbortSignal): RequestHandlerFn {
  return async (endpoint, options = {}) => {
    const { prefixUrl = '', searchParams = '', method, headers, body } = options as RequestOptions;
    const url = new URL(endpoint, prefixUrl.endsWith('/') ? prefixUrl : `${prefixUrl}/`);
    url.search = searchParams;
    const response = await fetch(url, {
      method: method ?? 'GET',
      headers: { ...headers, 'user-agent': 'm0' },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]),
      // The token would go along.
      redirect: 'error',
    });
    const answered = Object.fromEntries(response.headers);
    const text = await response.text();
    if (!response.ok) throw new Refused(response.status, answered, text);
    const isJson = answered['content-type']?.includes('application/json') === true;
    return { body: isJson ? JSON.parse(text) : text, headers: answered, status: response.status };
  };
}

export function openGitLab(repository: Repository, clock: () => number, signal: AbortSignal): GitLabApi {
  const { credential, path } = repository;
  if (credential.kind !== 'token') {
    throw new ForgeError(`${credentialName(credential)} is no token, and GitLab's API needs one`, {
      permanent: true,
    });
  }
  const token = readToken(credential);
  const options = {
    ...{ host: originOf(repository), token, rateLimits: {} },
    requesterFn: createRequesterFn((_, request) => Promise.resolve(request), requestOnce(signal)),
  };
  return {
    project: path.join('/'),
    mergeRequests: new MergeRequests(options),
    notes: new MergeRequestNotes(options),
    users: new Users(options),
    projects: new Projects(options),
    tokens: new PersonalAccessTokens(options),
    async ask(doing, request) {
      try {
        return await request();
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof Refused)) throw failedWith(doing, error, [token]);
        const { status, headers, message: text } = error;
        throw refusedBy(doing, { status, headers, text }, clock(), [token]);
      }
    },
  };
}
