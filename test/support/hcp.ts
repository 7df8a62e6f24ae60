/**
 * A stand-in for HCP Terraform on this machine: as much of its documented API as Terraform's `cloud` block and backend
 * `remote` use, over TLS. Its remote runs are made by the real Terraform. Requests that it does not know are recorded,
 * and `close` throws if there were any.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { execa } from 'execa';

export interface HcpOptions {
  readonly terraform: string;
  /** A CLI configuration of Terraform; `cliConfig` of the result adds the token to it. */
  readonly cliConfig: string;
}

export interface HcpWorkspaceState {
  executionMode: 'remote' | 'local' | 'agent';
  locked: boolean;
  /** The newest state; null: none was ever written. */
  state: Buffer | null;
}

export interface Hcp {
  /** `localhost:PORT`. */
  readonly host: string;
  /** File of the certificate that its own is signed by. */
  readonly ca: string;
  readonly cliConfig: string;
  readonly workspaces: Map<string, HcpWorkspaceState>;
  /** `POST runs` and what the others are, in order. */
  readonly requests: readonly string[];
  /** The status of answers to a plan as JSON, before the plan itself: 204, 403 … */
  readonly refusals: number[];
  close(): Promise<void>;
}

export const HCP_TOKEN = 'hcp-token-7f3a9c';
const ORGANIZATION = 'acme';
/** What Terraform's service discovery finds. */
const SERVICES = { 'tfe.v2': '/api/v2/', 'tfe.v2.1': '/api/v2/', 'tfe.v2.2': '/api/v2/' };

interface Run {
  readonly id: string;
  readonly workspace: string;
  readonly json: Buffer;
  readonly log: string;
  readonly changes: boolean;
}

/** What the handler of a path gets. */
interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: readonly string[];
}

export async function startHcp(options: HcpOptions): Promise<Hcp> {
  const dir = mkdtempSync(join(tmpdir(), 'm0-hcp-'));
  const certificates = makeCertificates(dir);
  const workspaces = new Map<string, HcpWorkspaceState>();
  const uploads = new Map<string, Buffer>();
  const runs = new Map<string, Run>();
  const requests: string[] = [];
  const refusals: number[] = [];
  const unknown: string[] = [];
  let made = 0;
  let origin = '';

  const workspaceOf = (name: string): HcpWorkspaceState => {
    const found = workspaces.get(name);
    if (found === undefined) throw new Error(`there is no workspace ${name}`);
    return found;
  };
  const workspace = (name: string) => {
    const { executionMode, locked } = workspaceOf(name);
    const can = ['can-update', 'can-destroy', 'can-queue-run', 'can-lock', 'can-unlock', 'can-queue-apply'];
    return {
      ...{ id: `ws-${name}`, type: 'workspaces' },
      attributes: {
        ...{ name, locked, 'execution-mode': executionMode, operations: executionMode !== 'local' },
        ...{ 'auto-apply': false, 'terraform-version': '1.11.4', 'structured-run-output-enabled': false },
        permissions: Object.fromEntries(can.map((each) => [each, true])),
      },
      relationships: { organization: { data: { id: ORGANIZATION, type: 'organizations' } } },
    };
  };
  const stateVersion = (name: string) => ({
    ...{ id: `sv-${name}`, type: 'state-versions' },
    attributes: {
      'hosted-state-download-url': `${origin}/blobs/state/${name}`,
      'hosted-state-upload-url': `${origin}/blobs/state/${name}`,
      'hosted-json-state-upload-url': `${origin}/blobs/json/${name}`,
      ...{ serial: 1, status: 'finalized', 'resources-processed': true },
    },
    relationships: { outputs: { data: [] } },
  });
  const configuration = (id: string) => ({
    ...{ id, type: 'configuration-versions' },
    attributes: {
      status: uploads.has(id) ? 'uploaded' : 'pending',
      'upload-url': `${origin}/blobs/code/${id}`,
    },
  });
  const run = ({ id, workspace: name, changes }: Run) => ({
    ...{ id, type: 'runs' },
    attributes: {
      ...{ status: 'planned_and_finished', 'plan-only': true, 'has-changes': changes, 'is-destroy': false },
      actions: { 'is-cancelable': false, 'is-confirmable': false, 'is-discardable': false },
      permissions: { 'can-apply': false },
      'status-timestamps': {},
    },
    relationships: {
      plan: { data: { id: `plan-${id}`, type: 'plans' } },
      workspace: { data: { id: `ws-${name}`, type: 'workspaces' } },
    },
  });
  const plan = ({ id, changes }: Run) => ({
    ...{ id: `plan-${id}`, type: 'plans' },
    attributes: {
      ...{ status: 'finished', 'has-changes': changes, 'log-read-url': `${origin}/blobs/log/${id}` },
      ...{ 'resource-additions': 0, 'resource-changes': 1, 'resource-destructions': 0 },
    },
  });

  /** Plans the uploaded code with the real Terraform, against the workspace's state. */
  async function makeRun(body: Record<string, unknown>): Promise<Run> {
    const data = body.data as {
      attributes?: { 'target-addrs'?: string[]; 'plan-only'?: boolean; 'save-plan'?: boolean };
      relationships: Record<string, { data: { id: string } }>;
    };
    const name = (data.relationships.workspace?.data.id ?? '').slice(3);
    const code = uploads.get(data.relationships['configuration-version']?.data.id ?? '');
    if (code === undefined) throw new Error('the run has no code');
    made += 1;
    const work = join(dir, `work-${made}`);
    mkdirSync(work);
    writeFileSync(join(work, 'code.tar.gz'), code);
    await execa('tar', ['-xzf', 'code.tar.gz'], { cwd: work });
    const { state } = workspaceOf(name);
    if (state !== null) writeFileSync(join(work, 'remote.tfstate'), state);
    const backend = { terraform: { backend: { local: { path: join(work, 'remote.tfstate') } } } };
    writeFileSync(join(work, 'hcp_override.tf.json'), JSON.stringify(backend));
    const env = {
      TF_CLI_CONFIG_FILE: options.cliConfig,
      CHECKPOINT_DISABLE: '1',
      PATH: process.env.PATH ?? '',
    };
    const call = { cwd: work, env, extendEnv: false } as const;
    await execa(options.terraform, ['init', '-input=false', '-no-color', '-reconfigure'], call);
    const targets = (data.attributes?.['target-addrs'] ?? []).map((address) => `-target=${address}`);
    const args = ['plan', '-input=false', '-no-color', '-detailed-exitcode', '-out=plan', ...targets];
    const planned = await execa(options.terraform, args, { ...call, reject: false });
    if (planned.exitCode === 1) throw new Error(planned.stderr);
    const shown = await execa(options.terraform, ['show', '-json', 'plan'], call);
    const done: Run = {
      ...{ id: `run-abc${made}`, workspace: name, log: planned.stdout },
      ...{ json: Buffer.from(shown.stdout), changes: planned.exitCode === 2 },
    };
    runs.set(done.id, done);
    return done;
  }

  const runOf = (id = ''): Run => {
    const found = runs.get(id.replace(/^plan-/, ''));
    if (found === undefined) throw new Error(`there is no run ${id}`);
    return found;
  };
  const routes: readonly (readonly [string, RegExp, (call: Call) => Promise<void> | void])[] = [
    ['GET', /^\/\.well-known\/terraform\.json$/, ({ response }) => plain(response, SERVICES)],
    ['GET', /^\/api\/v2\/ping$/, ({ response }) => void response.writeHead(204).end()],
    [
      'GET',
      /^\/api\/v2\/organizations\/acme\/entitlement-set$/,
      ({ response }) =>
        send(response, {
          ...{ id: 'org-1', type: 'entitlement-sets' },
          attributes: { operations: true, 'state-storage': true, teams: true },
        }),
    ],
    [
      'GET',
      /^\/api\/v2\/organizations\/acme\/workspaces\/([\w-]+)$/,
      ({ response, params: [name = ''] }) =>
        workspaces.has(name) ? send(response, workspace(name)) : missing(response),
    ],
    [
      'GET',
      /^\/api\/v2\/workspaces\/ws-([\w-]+)$/,
      ({ response, params: [name = ''] }) => send(response, workspace(name)),
    ],
    [
      'GET',
      /^\/api\/v2\/workspaces\/ws-([\w-]+)\/current-state-version$/,
      ({ response, params: [name = ''] }) =>
        workspaceOf(name).state === null ? missing(response) : send(response, stateVersion(name)),
    ],
    [
      'POST',
      /^\/api\/v2\/workspaces\/ws-([\w-]+)\/actions\/(lock|unlock)$/,
      ({ response, params: [name = '', action] }) => {
        workspaceOf(name).locked = action === 'lock';
        send(response, workspace(name));
      },
    ],
    [
      'POST',
      /^\/api\/v2\/workspaces\/ws-([\w-]+)\/state-versions$/,
      async ({ request, response, params: [name = ''] }) => {
        const { state } = ((await jsonIn(request)).data as { attributes: { state?: string } }).attributes;
        if (state !== undefined) workspaceOf(name).state = Buffer.from(state, 'base64');
        send(response, stateVersion(name), 201);
      },
    ],
    [
      'GET',
      /^\/api\/v2\/state-versions\/sv-([\w-]+)$/,
      ({ response, params: [name = ''] }) => send(response, stateVersion(name)),
    ],
    [
      'POST',
      /^\/api\/v2\/workspaces\/ws-([\w-]+)\/configuration-versions$/,
      ({ response }) => {
        made += 1;
        send(response, configuration(`cv-${made}`), 201);
      },
    ],
    [
      'GET',
      /^\/api\/v2\/configuration-versions\/(cv-\d+)$/,
      ({ response, params: [id = ''] }) => send(response, configuration(id)),
    ],
    [
      'POST',
      /^\/api\/v2\/runs$/,
      async ({ request, response }) => send(response, run(await makeRun(await jsonIn(request))), 201),
    ],
    ['GET', /^\/api\/v2\/runs\/(run-\w+)$/, ({ response, params: [id] }) => send(response, run(runOf(id)))],
    ['GET', /^\/api\/v2\/runs\/run-\w+\/run-events$/, ({ response }) => send(response, [])],
    [
      'GET',
      /^\/api\/v2\/plans\/(plan-run-\w+)$/,
      ({ response, params: [id] }) => send(response, plan(runOf(id))),
    ],
    [
      'GET',
      /^\/api\/v2\/runs\/(run-\w+)\/plan\/json-output$/,
      ({ response, params: [id] }) => {
        const refusal = refusals.shift();
        if (refusal !== undefined) response.writeHead(refusal).end();
        else response.writeHead(307, { location: `${origin}/blobs/plan/${runOf(id).id}` }).end();
      },
    ],
    ['GET', /^\/blobs\/plan\/(run-\w+)$/, ({ response, params: [id] }) => void response.end(runOf(id).json)],
    [
      'GET',
      /^\/blobs\/log\/(run-\w+)$/,
      ({ request, response, params: [id] }) => {
        const query = new URL(request.url ?? '', origin).searchParams;
        const log = Buffer.from(`\u0002${runOf(id).log}\u0003`);
        const from = Number(query.get('offset'));
        response.end(log.subarray(from, from + Number(query.get('limit'))));
      },
    ],
    [
      'GET',
      /^\/blobs\/state\/([\w-]+)$/,
      ({ response, params: [name = ''] }) => void response.end(workspaceOf(name).state),
    ],
    [
      'PUT',
      /^\/blobs\/(state|json|code)\/([\w-]+)$/,
      async ({ request, response, params: [what, name = ''] }) => {
        const body = await buffer(request);
        if (what === 'state') workspaceOf(name).state = body;
        if (what === 'code') uploads.set(name, body);
        response.end();
      },
    ],
  ];

  const server = createServer({ key: certificates.key, cert: certificates.cert }, (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'https://localhost');
    const path = pathname.replace('//', '/');
    response.setHeader('tfp-api-version', '2.6');
    requests.push(`${request.method} ${path}`);
    const isBlob = path.startsWith('/blobs/');
    if (path.startsWith('/api/') && request.headers.authorization !== `Bearer ${HCP_TOKEN}`) {
      response.writeHead(401).end();
      return;
    }
    if (isBlob && path.startsWith('/blobs/plan/') && request.headers.authorization !== undefined)
      unknown.push(`the token went to ${path}`);
    for (const [method, pattern, handle] of routes) {
      const params = request.method === method ? pattern.exec(path) : null;
      if (params === null) continue;
      Promise.resolve()
        .then(() => handle({ request, response, params: params.slice(1) }))
        .catch((error: unknown) => {
          unknown.push(`${request.method} ${path}: ${String(error)}`);
          if (!response.headersSent) response.writeHead(500);
          response.end();
        });
      return;
    }
    unknown.push(`${request.method} ${path}`);
    missing(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  origin = `https://${host}`;
  const cliConfig = join(dir, 'terraform.rc');
  const credentials = `credentials "${host}" {\n  token = "${HCP_TOKEN}"\n}\n`;
  writeFileSync(cliConfig, `${readFileSync(options.cliConfig, 'utf8')}\n${credentials}`);

  return {
    ...{ host, ca: certificates.ca, cliConfig, workspaces, requests, refusals },
    async close() {
      server.close();
      server.closeAllConnections();
      rmSync(dir, { recursive: true, force: true });
      if (unknown.length > 0) throw new Error(`HCP's stand-in does not know: ${unknown.join(', ')}`);
    },
  };
}

async function jsonIn(request: IncomingMessage): Promise<Record<string, unknown>> {
  return JSON.parse((await buffer(request)).toString('utf8')) as Record<string, unknown>;
}

function plain(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function send(response: ServerResponse, data: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/vnd.api+json' }).end(JSON.stringify({ data }));
}

function missing(response: ServerResponse): void {
  const errors = [{ status: '404', title: 'not found' }];
  response.writeHead(404, { 'content-type': 'application/vnd.api+json' }).end(JSON.stringify({ errors }));
}

/** A certificate for localhost, signed by an authority of its own. */
function makeCertificates(dir: string): { key: Buffer; cert: Buffer; ca: string } {
  const at = (name: string): string => join(dir, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
    '-subj',
    '/CN=m0 tests',
    '-days',
    '2',
  );
  openssl('req', ...key, '-keyout', at('key.pem'), '-out', at('csr.pem'), '-subj', '/CN=localhost');
  writeFileSync(at('ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const sign = ['-req', '-in', at('csr.pem'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial'];
  openssl('x509', ...sign, '-out', at('cert.pem'), '-days', '2', '-extfile', at('ext'));
  return { key: readFileSync(at('key.pem')), cert: readFileSync(at('cert.pem')), ca: at('ca.pem') };
}
