/** A state locked by somebody else, as each tool reports it; the backend is a local HTTP server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Stack } from '../../src/model/directory.ts';
import type { Runner } from '../../src/ports/runner.ts';
import { toolsWithTofu } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { runnerIn } from '../support/runner.ts';
import { makeRepo } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const signal = new AbortController().signal;
const HELD = {
  ...{ ID: '5c1a7a2e-0000-4000-8000-000000000042', Operation: 'OperationTypeApply', Info: '' },
  ...{ Who: 'kim@laptop', Version: '1.11.4', Created: '2026-11-23T06:00:00.5Z', Path: '' },
};

let dir: string;
let server: Server;
let url: string;
let runner: Runner;
/** The stored states by path. */
const states = new Map<string, Buffer>();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-locked-'));
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      if (request.method === 'LOCK') {
        const taken = path.startsWith('/taken');
        response.writeHead(taken ? 423 : 403).end(taken ? JSON.stringify(HELD) : 'no');
      } else if (request.method === 'POST') {
        states.set(path, Buffer.concat(chunks));
        response.end();
      } else response.writeHead(states.has(path) ? 200 : 404).end(states.get(path));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tools = await toolsWithTofu();
  const { terraform, tofu, terraformCliConfig: cliConfig } = tools;
  runner = runnerIn(join(dir, 'data'), { terraform, tofu, cliConfig });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(dir, { recursive: true, force: true });
});

async function refused(tool: Stack['tool'], path: string): Promise<unknown> {
  const name = `${path}-${tool}`;
  const addresses = ['address', 'lock_address', 'unlock_address'].map((key) => `${key} = "${url}/${name}"`);
  const backend = `terraform {\n  backend "http" {\n    ${addresses.join('\n    ')}\n  }\n}\n`;
  const one = 'resource "terraform_data" "one" {}\n';
  const git = makeRepo(join(dir, 'repos', name), { 'a/main.tf': backend + one });
  const stack = anyStack({ name, source: { git, ref: 'main', path: 'a' }, tool });
  // A plan ignores the lock.
  const { plan } = await runner.plan(stack, { only: null, signal });
  const error = await runner.apply(stack, plan, signal).catch((e: unknown) => e);
  expect(states.has(`/${name}`)).toBe(false);
  return error;
}

describe.concurrent.each<Stack['tool']>(['terraform', 'tofu'])('%s', (tool) => {
  it('names the lock’s holder, operation, time and id, if the tool reports them', async ({ expect }) => {
    const known = { who: 'kim@laptop', operation: 'apply', since: Date.parse('2026-11-23T06:00:00.500Z') };
    // Besides the lock id, Terraform prints the data of its own lock request.
    const told = tool === 'tofu' ? known : { who: 'somebody', operation: null, since: null };
    const words = tool === 'tofu' ? 'kim@laptop (apply) since 2026-11-23T06:00:00.500Z' : 'somebody';
    expect(await refused(tool, 'taken')).toMatchObject({
      ...{ name: 'RunnerError', phase: 'apply', mayHaveApplied: false },
      message: `running ${tool} apply: the state is locked by ${words}, lock ${HELD.ID}`,
      locked: { ...told, id: HELD.ID },
    });
  });

  it('names no holder if m0 has no permission to lock', async ({ expect }) => {
    expect(await refused(tool, 'denied')).toMatchObject({
      name: 'RunnerError',
      phase: 'apply',
      locked: null,
    });
  });
});
