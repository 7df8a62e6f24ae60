/** Reads workspaces and plans by the API of HCP Terraform and Terraform Enterprise. */
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { rootCertificates } from 'node:tls';
import { errorText } from '../base/error-text.ts';
import { isRecord } from '../base/is-record.ts';
import { RunnerError } from '../ports/runner-error.ts';
import type { HcpWorkspace } from './hcp-workspace.ts';

/** Where a workspace's plans are made: `local` on the machine of the tool, else in HCP Terraform or by an agent of it. */
export type ExecutionMode = 'remote' | 'local' | 'agent';

export interface HcpApi {
  /** https://developer.hashicorp.com/terraform/cloud-docs/api-docs/workspaces#show-workspace */
  executionMode(signal: AbortSignal): Promise<ExecutionMode>;
  /**
   * The plan of a run, as `show -json` prints it. Waits for it up to a minute.
   * https://developer.hashicorp.com/terraform/cloud-docs/api-docs/plans#retrieve-the-json-execution-plan
   */
  planJson(run: string, signal: AbortSignal): Promise<Buffer>;
}

export interface HcpApiOptions {
  /** m0's environment, for proxies and certificates. */
  readonly base: Readonly<Record<string, string | undefined>>;
  /** ms between two looks at a plan that is not finished. */
  readonly waitMs?: number;
}

interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly body: Buffer;
}

const ANSWER_MS = 60_000;
/** As much as m0 reads of `show -json`. */
const MOST_BYTES = 400 * 1024 * 1024;
const LOOKS = 60;
const MOST_REDIRECTS = 5;

/** All methods reject with a RunnerError that says what was asked, and what to do. It holds no token. */
export function createHcpApi(
  workspace: HcpWorkspace & { readonly token: string },
  options: HcpApiOptions,
): HcpApi {
  const { host, organization, name, token } = workspace;
  const origin = `https://${host}`;
  let found: Promise<{ readonly agent: Agent; readonly api: string }> | undefined;

  /** Terraform's own service discovery says where the API is. */
  async function discover(): Promise<{ readonly agent: Agent; readonly api: string }> {
    const file = options.base.SSL_CERT_FILE;
    const own = file === undefined ? [] : [await readFile(file, 'utf8')];
    const agent = new Agent({ ca: [...rootCertificates, ...own], proxyEnv: { ...options.base } });
    const { status, body } = await get(agent, new URL('/.well-known/terraform.json', origin), {}, ANSWER_MS);
    const services = status === 200 ? jsonOf(body) : null;
    const path = isRecord(services) ? services['tfe.v2'] : undefined;
    if (typeof path !== 'string')
      throw new Error(`it names no API in /.well-known/terraform.json (${status})`);
    const api = new URL(path.endsWith('/') ? path : `${path}/`, origin);
    if (api.protocol !== 'https:') throw new Error(`its API at ${api.origin} is not https`);
    return { agent, api: api.href };
  }

  async function ask(doing: string, path: string, signal: AbortSignal): Promise<Answer> {
    try {
      found ??= discover();
      found.catch(() => {
        found = undefined;
      });
      const { agent, api } = await found;
      let url = new URL(path, api);
      for (let n = 0; n <= MOST_REDIRECTS; n += 1) {
        // Only the API itself gets the token: a redirect leads to a temporary address that needs none.
        const sent = url.href.startsWith(api) ? { authorization: `Bearer ${token}` } : {};
        const headers = { accept: 'application/vnd.api+json', ...sent };
        const answer = await get(agent, url, headers, ANSWER_MS, signal);
        if (answer.location === null || answer.status < 300 || answer.status > 399) return answer;
        url = new URL(answer.location, url);
        if (url.protocol !== 'https:') throw new Error('it redirects to an address that is not https');
      }
      throw new Error('it redirects too often');
    } catch (error) {
      if (signal.aborted)
        throw new RunnerError('plan', `${doing}: stopped`, { stopped: 'aborted', cause: error });
      throw new RunnerError('plan', `${doing}: ${errorText(error).replaceAll(token, '…')}`, { cause: error });
    }
  }

  function refuse(doing: string, status: number, todo: string): never {
    const why = status === 401 ? 'the token is not valid there' : `HTTP ${status}: ${todo}`;
    throw new RunnerError('plan', `${doing}: ${why}`);
  }

  return {
    async executionMode(signal) {
      const doing = `asking ${host} for the workspace ${organization}/${name}`;
      const path = `organizations/${encodeURIComponent(organization)}/workspaces/${encodeURIComponent(name)}`;
      const { status, body } = await ask(doing, path, signal);
      if (status !== 200) refuse(doing, status, 'there is none, or the token may not see it');
      const document = jsonOf(body);
      const data = isRecord(document) && isRecord(document.data) ? document.data : {};
      const mode = isRecord(data.attributes) ? data.attributes['execution-mode'] : undefined;
      if (mode === 'remote' || mode === 'local' || mode === 'agent') return mode;
      throw new RunnerError('plan', `${doing}: its execution mode is ${JSON.stringify(mode) ?? 'not told'}`);
    },

    async planJson(run, signal) {
      const doing = `reading the plan of ${run} on ${host}`;
      for (let look = 0; look < LOOKS; look += 1) {
        const { status, body } = await ask(doing, `runs/${run}/plan/json-output`, signal);
        if (status === 200) return body;
        // 204: the plan is not finished.
        if (status !== 204)
          refuse(doing, status, 'the token needs admin access to the workspace, to read the whole plan');
        await new Promise((resolve) => setTimeout(resolve, options.waitMs ?? 1_000));
        if (signal.aborted) throw new RunnerError('plan', `${doing}: stopped`, { stopped: 'aborted' });
      }
      throw new RunnerError('plan', `${doing}: it was not finished after ${LOOKS} looks`);
    },
  };
}

function jsonOf(body: Buffer): unknown {
  return JSON.parse(body.toString('utf8'));
}

async function get(
  agent: Agent,
  url: URL,
  headers: Readonly<Record<string, string>>,
  limitMs: number,
  signal?: AbortSignal,
): Promise<Answer> {
  const limit = AbortSignal.timeout(limitMs);
  return new Promise((resolve, reject) => {
    const options = {
      agent,
      headers,
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    };
    const asked = request(url, options, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) asked.destroy(new Error('the answer is too large to read'));
        chunks.push(chunk);
      });
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          location: answer.headers.location ?? null,
          body: Buffer.concat(chunks),
        }),
      );
    });
    asked.once('error', reject);
    asked.end();
  });
}
