/** The sandbox's cloud: built, changed in its console, and restored after a restart. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { type SandboxCloud, startSandboxCloud } from '../../src/sandbox/cloud/sandbox-cloud.ts';
import type { CloudFact } from '../../src/sandbox/console.ts';
import { sandboxTools, testTools } from '../support/cloud.ts';
import { git, makeRepo } from '../support/terraform-repo.ts';

const dir = mkdtempSync(join(tmpdir(), 'm0-sandbox-'));
let open: SandboxCloud | undefined;
afterAll(async () => {
  await open?.close();
  rmSync(dir, { recursive: true, force: true });
});

async function start(): Promise<SandboxCloud> {
  const policies = { 'tags/tags.rego': 'package env0\n', 'tags/tags_test.rego': 'package env0_test\n' };
  const policiesFrom = join(dir, 'shipped');
  if (open === undefined) makeRepo(policiesFrom, policies);
  open = await startSandboxCloud({
    dir: join(dir, 'sandbox'),
    tools: sandboxTools(await testTools()),
    port: 0,
    log: createLogger('silent'),
    base: process.env,
    now: Date.now,
    onProgress: () => {},
    policiesFrom,
  });
  return open;
}

const changed = (facts: readonly CloudFact[]): string[] =>
  facts.filter((fact) => !fact.asBuilt).map((fact) => `${fact.label}: ${fact.value}`);

describe('the cloud of the sandbox', () => {
  it('is built by Terraform, changed in the console, and restored after a restart', async () => {
    let cloud = await start();
    expect(git(cloud.repos.policies, 'ls-files').split('\n')).toContain('tags/tags.rego');
    const authors = new Set(git(cloud.repos.infra, 'log', '--format=%an').split('\n'));
    expect(authors).toEqual(new Set(['Kim Sato', 'Dana Ruiz']));
    await cloud.ready;
    expect(changed(await cloud.console.facts())).toEqual([]);

    expect(await cloud.console.run('remove-tags')).toContain('were removed');
    expect(await cloud.console.run('remove-tags')).toContain('no tags already');
    expect(await cloud.console.run('open-ssh')).toContain('lets 203.0.113.7/32 in');
    expect(await cloud.console.run('open-ssh')).toContain('already');
    expect(await cloud.console.run('delete-bucket')).toContain('was deleted');
    expect(await cloud.console.run('delete-bucket')).toContain('no bucket');
    await expect(cloud.console.run('nonsense')).rejects.toThrow('no action "nonsense"');
    const merged = [1, 2, 3, 4].map(() => cloud.console.run('merge-code'));
    expect(new Set(await Promise.all(merged)).size).toBe(4);
    const history = git(cloud.repos.infra, 'log', '--format=%H');
    const before = changed(await cloud.console.facts());
    expect(before).toEqual([
      'Bucket acme-logs, tags: not there',
      'Security group web, lets in: 22/tcp from 203.0.113.7/32, 443/tcp from 0.0.0.0/0',
      expect.stringContaining('Move the log bucket to the next cost center'),
    ]);
    await cloud.close();

    // The cloud has the manual changes, but not the merged code that was not applied.
    cloud = await start();
    await cloud.ready;
    expect(changed(await cloud.console.facts())).toEqual(before);
    expect(git(cloud.repos.infra, 'log', '--format=%H')).toBe(history);

    // A snapshot stores that the cloud matches the newest code.
    await cloud.snapshot(git(cloud.repos.infra, 'rev-parse', 'HEAD'));
    await cloud.close();
    cloud = await start();
    await cloud.ready;
    const after = await cloud.console.facts();
    expect(after.find((fact) => fact.label === 'VPC, DNS hostnames')?.value).toBe('on');
    await cloud.close();
    open = undefined;
  });

  it('leaves no local AWS running when it is killed', async () => {
    const { motoServer } = sandboxTools(await testTools());
    const script = `
      import { startMoto } from ${JSON.stringify(resolve('src/sandbox/cloud/moto.ts'))};
      import { createLogger } from ${JSON.stringify(resolve('src/base/log.ts'))};
      const options = { motoServer: ${JSON.stringify(motoServer)}, port: 0, base: process.env };
      console.log((await startMoto({ ...options, log: createLogger('silent') })).url);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    const url = await new Promise<string>((answer, reject) => {
      child.stdout.once('data', (chunk: Buffer) => answer(chunk.toString().trim()));
      child.once('exit', () => reject(new Error('it ended before it answered')));
    });
    expect((await fetch(url)).status).toBeLessThan(500);
    child.kill('SIGKILL');
    const gone = (): Promise<boolean> =>
      fetch(url).then(
        () => false,
        () => true,
      );
    await expect.poll(gone, { timeout: 10_000 }).toBe(true);
  });
});
