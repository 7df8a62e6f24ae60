/**
 * A fresh machine on the way from the README to an m0 in production: a clean Debian with systemd, on which only what the
 * documents say is typed. The Git server, Slack and the bucket of the state are servers of this machine.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SECRETS } from '../../src/sandbox/sample-organisation.ts';
import type { Message } from '../../src/sandbox/workspace/workspace.ts';
import { testTools } from '../support/cloud.ts';
import { freePort } from '../support/free-port.ts';
import { builder, pipBuilder } from '../support/image/builder.ts';
import { bootMachine, type Machine, machineMissing, rootAfter } from '../support/walk/machine.ts';
import { BY_CODE, type Organisation, startOrganisation } from '../support/walk/organisation.ts';
import { blockOf, filledIn, goneBlocks, type StepName, unknownBlocks } from '../support/walk/route.ts';
import { openTerminal, type Terminal, type Typed } from '../support/walk/terminal.ts';
import { buttons, DANA, EVE, poll, words } from '../support/world.ts';

const missing = await machineMissing();
const suffix = missing === null ? '' : `: all its tests are left out, because ${missing}`;
const HOTFIX = `22/tcp from 203.0.113.7/32, ${BY_CODE}`;
/** The sandbox provisions its cloud, and three folders of packages are filled. */
const PATIENCE_MS = 840_000;

it('the walk knows each block of shell in its documents, and they have what it leaves out', () => {
  expect(unknownBlocks()).toEqual([]);
  expect(goneBlocks()).toEqual([]);
});

describe.skipIf(missing !== null)(`the walk${suffix}`, () => {
  let dir: string;
  let organisation: Organisation;
  let machine: Machine;
  let terminal: Terminal;
  let port: number;

  /** What stands in the documents for what only the person knows. */
  const replaced = (text: string): string =>
    [
      ['REPOSITORY', `${organisation.git}/m0.git`],
      ['https://git.acme.dev/', `${organisation.git}/`],
      ['xoxb-…', SECRETS.botToken],
      ['xapp-…', SECRETS.appToken],
    ].reduce((so, [from = '', to = '']) => so.replaceAll(from, to), text);

  const type = (step: StepName): Typed => terminal.type(replaced(blockOf(step).code));

  /** Types a block until it ends. Rejects where a command of it fails. Resolves with what it wrote. */
  async function typed(step: StepName): Promise<string> {
    const { output, done } = type(step);
    expect(await done, output()).toEqual([]);
    return output();
  }

  /** Waits until a block has written this. Rejects where it ends before. */
  async function until(text: string, block: Typed): Promise<void> {
    let ended = false;
    void block.done.finally(() => {
      ended = true;
    });
    const has = async (): Promise<true | undefined> => {
      if (block.output().includes(text)) return true;
      if (ended) throw new Error(`"${text}" was not written:\n${block.output()}`);
      return undefined;
    };
    await poll(has, `"${text}" in the terminal`, PATIENCE_MS);
  }

  /** Types Ctrl-C. Rejects where the block that ran does not end well. */
  async function interrupt({ output, done }: Typed): Promise<void> {
    terminal.interrupt();
    expect(await done, output()).toEqual([]);
  }

  const said = (...wanted: string[]): Promise<Message> =>
    organisation.workspace.waitFor(
      () =>
        organisation.workspace
          .as(DANA)
          .sees('ops')
          .findLast((message) => wanted.every((each) => words(message).includes(each))),
      PATIENCE_MS,
    );

  /** Somebody changes the cloud by hand: with the code of the stack, and without a commit. */
  const handChange = (value: string): Promise<string> =>
    machine.run(
      ...['sh', '-euc'],
      `rm -rf /tmp/hand && cp -r ~/infra/envs/prod/network /tmp/hand && cd /tmp/hand
      sed -i 's#lets_in = .*#lets_in = "${value}" }#' main.tf
      terraform init -input=false && terraform apply -input=false -auto-approve`,
    );

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'm0-walk-'));
    organisation = await startOrganisation(join(dir, 'organisation'));
    const { terraform, opa, pluginMirrors } = await testTools();
    if (terraform === null) throw new Error('the walk needs Terraform');
    const registries = [await builder(), pipBuilder()];
    const settings: Record<string, string> = Object.assign({}, ...registries.map(({ env }) => env));
    port = await freePort();
    // The first block of the README is typed into a machine that is kept: it takes minutes.
    const root = await rootAfter('trixie', blockOf('machine').code, settings);
    mkdirSync(join(dir, 'machine'));
    machine = await bootMachine({
      root,
      dir: join(dir, 'machine'),
      binds: [
        // The README wants Terraform on the machine. opa is one that the first start would fetch from its host.
        { from: terraform, to: '/usr/local/bin/terraform', isFile: true, readOnly: true },
        { from: opa, to: '/usr/local/bin/opa', isFile: true, readOnly: true },
        // Providers, for machines that do not reach their registry.
        ...pluginMirrors
          .slice(0, 1)
          .map(({ path }) => ({ from: path, to: '/usr/local/share/terraform/plugins', readOnly: true })),
        ...registries.flatMap(({ binds }) => binds),
      ],
      // Slack is a local one, and other tests may have the usual port.
      env: { ...settings, SLACK_API_URL: organisation.workspace.apiUrl, PORT: String(port) },
      files: { 'root/.aws/config': organisation.awsConfig },
    });
    // What Dana has before she meets m0: her name in Git, a clone of the code, and a stack that was applied.
    await machine.run(
      ...['sh', '-euc'],
      `git config --global user.name Dana && git config --global user.email dana@acme.dev
      git clone ${organisation.git}/infra.git ~/infra`,
    );
    await handChange(BY_CODE);
    terminal = openTerminal(machine);
  });
  afterAll(async () => {
    terminal?.close();
    await machine?.kill();
    await organisation?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  // Each step needs all before it.
  let failed = '';
  beforeEach(() => expect(failed, 'a step before this one failed').toBe(''));
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') failed ||= task.name;
  });

  it('README: the sandbox starts from a clone, shows a page, and tells drift', async () => {
    const sandbox = type('sandbox');
    await until("m0's sandbox is at http", sandbox);
    const [address = ''] = /http:\S+/.exec(sandbox.output().split("m0's sandbox is at")[1] ?? '') ?? [];
    expect(await (await fetch(address)).text()).toContain('<title>');
    const history = async (): Promise<string> => {
      const headers = { authorization: `Bearer ${SECRETS.botToken}` };
      const body = new URLSearchParams({ channel: 'C0OPS' });
      const url = `${address.replace(/\/$/, '')}/api/conversations.history`;
      return (await fetch(url, { method: 'POST', headers, body })).text();
    };
    await expect.poll(history, { timeout: PATIENCE_MS }).toContain('Approve: close SSH again');
    await interrupt(sandbox);
  });

  it('README: the own code is tried, and is as the cloud', async () => {
    expect(await typed('tryOut')).toContain('Nothing drifted in');
  });

  it('README and policies.md: the library goes into a repository, and m0.yaml is written and filled in', async () => {
    await typed('policies');
    await typed('init');
    const written = await machine.run('cat', '/root/m0/m0.yaml');
    const yaml = replaced(filledIn());
    // What the README shows is what `init` writes, with the gaps filled.
    const shown = yaml.slice(yaml.indexOf('discover:')).trim().split('\n').slice(1, 5);
    for (const line of shown) expect(written).toContain(line.trim());
    const file = machine.start('tee', '/root/m0/m0.yaml');
    file.stdin?.end(yaml);
    await once(file, 'exit');
  });

  it('README and slack.md: before m0 is invited the check says so; then all is right, and m0 is at work', async () => {
    const early = type('start');
    await until('m0 is at work', early);
    expect(early.output()).toContain('/invite @m0');
    terminal.interrupt();
    expect(await early.done).toMatchObject([{ code: 1, command: expect.stringContaining('config check') }]);

    organisation.workspace.inviteBot('ops');
    const rows = await typed('reach');
    expect(rows).not.toContain(' MISSING ');
    // Root's home is closed to the users of stacks, and m0 says so. As a service it has no warning at all.
    expect(rows.match(/^.+ warning /gm)).toEqual([expect.stringContaining("stacks' users")]);
    const service = type('start');
    await until('m0 is at work', service);
    await organisation.workspace.as(DANA).slash('/m0', 'status', 'ops');
    await said('prod-network');
    await interrupt(service);
  });

  it('operate.md: it runs as a service of systemd, and is ready', async () => {
    await typed('install');
    const ready = async (): Promise<number | string> => {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
      return answer === null ? machine.run('sh', '-c', 'journalctl -u m0 | tail -20') : answer.status;
    };
    await expect.poll(ready, { timeout: PATIENCE_MS }).toBe(200);
    expect(await machine.run('systemctl', 'is-active', 'm0')).toBe('active\n');
    await typed('reload');
  });

  it('a card tells of a change by hand, and a click on Approve reverts it', async () => {
    await handChange(HOTFIX);
    expect(await organisation.letsIn()).toBe(HOTFIX);
    await organisation.workspace.as(EVE).slash('/m0', 'drift prod-network', 'ops');
    const card = await said('terraform_data.web', '203.0.113.7/32', 'Approve');
    const [revert = ''] = buttons(card);
    await organisation.workspace.as(DANA).click(card, revert, { confirm: true });
    await expect.poll(organisation.letsIn, { timeout: PATIENCE_MS }).toBe(BY_CODE);
    await said('terraform_data.web', 'Approved by');
  });

  it('operate.md: doctor says that all is right, and the audit record names who approved', async () => {
    const output = await typed('look');
    expect(output).not.toMatch(/ (MISSING|warning) /);
    const lines = output.split('\n').filter((line) => line.startsWith('{'));
    const approved = lines.map((line) => JSON.parse(line)).filter(({ action }) => action === 'approve');
    expect(approved).toMatchObject([
      {
        actor: { person: 'dana', platform: 'slack', userId: DANA },
        stack: 'prod-network',
        scope: [{ address: 'terraform_data.web' }],
      },
    ]);
    await machine.run('mkdir', '/backups');
    await typed('backup');
    expect(await machine.run('ls', '/backups')).toMatch(/^m0-\d{4}-\d\d-\d\d\.db\n$/);
  });
});
