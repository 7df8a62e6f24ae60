/** Puts secrets in every place that a stack can have them, plays a full story, and searches all output of m0 for them. */
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { PutBucketTaggingCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { commitAs, KIM as KIM_WRITES } from '../../src/sandbox/cloud/sample-git.ts';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import type { SandboxCloud } from '../../src/sandbox/cloud/sandbox-cloud.ts';
import { SECRETS } from '../../src/sandbox/sample-organisation.ts';
import { buttons, DANA, EVE, poll, startWorld, type World, words } from '../support/world.ts';

/** The secrets, which must appear nowhere. Some look like secrets by name or form, and some do not. */
const PLANTED = {
  tag: 'tag-T0ken-4f9a1c',
  // Does not look like a secret; it contains every character that some format escapes.
  motto: 'open "sesame" & <the> door\\7',
  password: 'pw-Jupiter+/=91',
  license: 'LIC-7781-AB54-9920-ZZ17',
  handTag: 'HAND-5ecret-0002',
  handMotto: 'changed "by" <hand> & kept',
  unused: 'canary-of-m0-itself-31',
  recipient: 'seat 14 row of nine',
  awsKey: 'local-sandbox-only',
  bot: SECRETS.botToken,
  app: SECRETS.appToken,
} as const;

const PATH = 'envs/prod/vault';
const MAIN = `
variable "tag" {
  type      = string
  sensitive = true
}
variable "motto" {
  type      = string
  sensitive = true
}
variable "password" {
  type      = string
  sensitive = true
}
variable "seat" { type = string }
variable "dir" { type = string }

resource "aws_s3_bucket" "vault" {
  bucket = "acme-vault"
  tags   = { Owner = "platform", Token = var.tag }
}
resource "aws_ssm_parameter" "motto" {
  name  = "/acme/motto"
  type  = "SecureString"
  value = var.motto
}
resource "aws_secretsmanager_secret" "db" { name = "acme-db" }
resource "aws_secretsmanager_secret_version" "db" {
  secret_id     = aws_secretsmanager_secret.db.id
  secret_string = jsonencode({ user = "app", password = var.password, motto = var.motto })
}
resource "terraform_data" "copy" {
  input = var.password
  provisioner "local-exec" {
    command = "env > \\"\${var.dir}/env-of-provisioner\\""
  }
}
output "motto" {
  value     = var.motto
  sensitive = true
}
`;

const BROKEN = `
resource "terraform_data" "guard" {
  input = 1
  lifecycle {
    precondition {
      condition     = length(nonsensitive(var.motto)) > 1000
      error_message = "motto \${nonsensitive(var.motto)} and password \${nonsensitive(var.password)} of \${var.seat} are too short"
    }
  }
}
`;

let world: World;
let cloud: SandboxCloud;
const shown: string[] = [];
const jobsDir = (): string => join(cloud.repos.infra, '../../..');

async function merge(message: string, files: Readonly<Record<string, string>>): Promise<void> {
  const at = Date.now();
  const inStack = Object.fromEntries(Object.entries(files).map(([name, text]) => [`${PATH}/${name}`, text]));
  await commitAs(cloud.repos.infra, process.env, { author: KIM_WRITES, at, message, files: inStack });
}

async function prepare(made: SandboxCloud): Promise<void> {
  cloud = made;
  const read = (name: string): Promise<string> =>
    readFile(join(made.repos.infra, SAMPLE.stackPath, name), 'utf8');
  await merge('Keep secrets in a vault', {
    'versions.tf': await read('versions.tf'),
    'provider.tf': await read('provider.tf'),
    'backend.tf': (await read('backend.tf')).replace('network.tfstate', 'vault.tfstate'),
    'main.tf': MAIN,
  });
}

function config(yaml: string, { repos, stackEnv }: SandboxCloud): string {
  const raw = parse(yaml) as { stacks: Record<string, unknown>[] };
  const stack = {
    ...raw.stacks[0],
    name: 'prod-vault',
    source: { git: repos.infra, ref: 'main', path: PATH },
    env: {
      ...stackEnv,
      TF_VAR_tag: '${env:ACME_TAG}',
      // In clear text, and neither named nor formed like a secret: only the code marks it as sensitive.
      TF_VAR_motto: PLANTED.motto,
      // Secret only because m0.yaml reads it from an environment variable.
      TF_VAR_seat: '${env:ACME_SEAT}',
      TF_VAR_password: PLANTED.password,
      TF_VAR_dir: jobsDir(),
      ACME_LICENSE: PLANTED.license,
    },
    // Has no message about these resources, so all drift waits for a person.
    policies: ['network-human'],
    // Its program may read the whole repository, of which both people of the group wrote a part.
    approvers: { from: ['sre', 'oncall:primary'], need: 1, notTheAuthor: false },
  };
  return stringify({ ...raw, stacks: [stack] });
}

/** All likely encodings of a secret. */
function formsOf(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const go = json.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
  const twice = [json, go].map((text) => JSON.stringify(text).slice(1, -1));
  // Within a longer base64 text it has one of three offsets; the first and last characters depend on the surroundings.
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.from(`${'.'.repeat(offset)}${secret}`).toString('base64');
    return text.slice(offset === 0 ? 0 : 4, -4);
  });
  return [...new Set([secret, json, go, ...twice, encodeURIComponent(secret), ...base64])];
}

const FORMS = Object.entries(PLANTED).flatMap(([name, secret]) =>
  formsOf(secret).map((form) => ({ name, form })),
);

/** One `WHERE: NAME as FORM` for each secret that the text contains. */
function leaks(where: string, text: string): readonly string[] {
  return FORMS.filter(({ form }) => text.includes(form)).map(
    ({ name, form }) => `${where}: ${name} as ${form}`,
  );
}

/** All files below the directory that are not links. */
async function filesBelow(dir: string, skip: (path: string) => boolean): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (skip(path)) continue;
    if (entry.isDirectory()) found.push(...(await filesBelow(path, skip)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

async function openEveryPage(run: number): Promise<number> {
  const eve = world.workspace.as(EVE);
  await eve.click(await world.card(`run #${run}`), 'Full diff');
  let view = await world.view(EVE);
  let pages = 1;
  while (JSON.stringify(view.blocks).includes('"Next"')) {
    const before = view.hash;
    await eve.click(view, 'Next');
    view = await world.workspace.waitFor(() => eve.views.find((v) => v.hash !== before), 10_000);
    pages += 1;
  }
  const files = (): number => (JSON.parse(world.workspace.dump()) as { files: object[] }).files.length;
  const had = files();
  await eve.click(view, 'Get as file');
  await world.workspace.waitFor(() => files() > had, 10_000);
  await eve.closeView(view.id, true);
  return pages;
}

beforeAll(async () => {
  world = await startWorld({
    prepare,
    config,
    variables: {
      ACME_TAG: PLANTED.tag,
      ACME_SEAT: PLANTED.recipient,
      UNUSED_TOKEN: PLANTED.unused,
    },
  });
  // Also records messages that are visible only for a moment.
  world.workspace.onChange(() => void shown.push(world.workspace.dump()));
});
afterAll(() => world?.close());

describe('a stack full of secrets', () => {
  it('is created by a person', async () => {
    const run = await world.check();
    expect(run.state).toBe('awaiting_approval');
    await openEveryPage(run.id);
    await world.type(EVE, `why #${run.id}`);
    const card = await world.card(`run #${run.id}`, 'waits');
    await world.workspace.as(DANA).click(card, buttons(card)[0] ?? '', { confirm: true });
    await world.until(run.id, 'realigned');
  });

  it('is changed manually, reported without the secrets, and reverted', async () => {
    const s3 = new S3Client({
      region: SAMPLE.region,
      endpoint: cloud.motoUrl,
      forcePathStyle: true,
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'test' },
    });
    const tags = {
      Owner: 'mallory',
      Token: PLANTED.handTag,
      Copy: `see ${PLANTED.tag} there`,
      ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`extra${i}`, `value ${i}`])),
    };
    const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    await s3.send(new PutBucketTaggingCommand({ Bucket: 'acme-vault', Tagging: { TagSet } }));
    s3.destroy();
    const put = await fetch(cloud.motoUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AmazonSSM.PutParameter',
        authorization: `AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/${SAMPLE.region}/ssm/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: JSON.stringify({
        Name: '/acme/motto',
        Value: PLANTED.handMotto,
        Type: 'SecureString',
        Overwrite: true,
      }),
    });
    expect(put.status).toBe(200);

    const run = await world.check();
    expect(run.state).toBe('awaiting_approval');
    const card = await world.card(`run #${run.id}`, 'waits', 'aws_ssm_parameter.motto', 'mallory');
    expect(await openEveryPage(run.id)).toBeGreaterThan(1);
    await world.dm(DANA, `run #${run.id}`);
    for (const command of [`why #${run.id}`, `show #${run.id}`, 'status prod', 'history prod'])
      await world.type(EVE, command);
    const asked = await world.workspace.as(DANA).click(card, buttons(card)[0] ?? '');
    shown.push(JSON.stringify(asked));
    await world.workspace.as(DANA).click(card, buttons(card)[0] ?? '', { confirm: true });
    const done = await world.until(run.id, 'realigned');
    expect(done.applied).toMatchObject([{ verifiedAt: expect.any(Number) }]);
    await world.type(EVE, 'history prod');
  });

  it('has a failing plan with secrets in its error, first after a restart: no message contains them', async () => {
    await merge('Guard the motto', { 'guard.tf': BROKEN });
    await world.restart();
    const run = await world.check();
    expect(run.state).toBe('failed');
    const card = await world.card('could not be checked');
    expect(words(card)).toContain('are too short');
    await world.type(EVE, `why #${run.id}`);
    await world.type(EVE, 'status prod');
  });
});

describe('the output of m0', () => {
  it('no message, dialog, file or log line contains a secret, in any encoding', async () => {
    await poll(async () => (await world.service.store.dueOutbox(Date.now(), 1)).length === 0 || undefined);
    const { files } = JSON.parse(world.workspace.dump()) as { files: { id: string; content: string }[] };
    expect(files.length).toBeGreaterThanOrEqual(2);
    const texts = files.map((f) => Buffer.from(f.content, 'base64').toString('utf8'));
    expect(texts.join()).toContain('extra17');
    expect(shown.join()).toContain('mallory');
    const found = [
      ...shown.flatMap((dump) => leaks('chat', dump)),
      ...texts.flatMap((text) => leaks('file', text)),
      ...world.logs.flatMap((line) => leaks(`log ${line.slice(0, 300)}`, line)),
    ];
    expect([...new Set(found)]).toEqual([]);
  });

  it('no file of m0 contains a secret', async () => {
    const data = join(world.dir, 'data');
    // Provider binaries: gigabytes that no run writes to.
    const providers = (path: string): boolean => /work\/[^/]+\/terraform\/providers$/.test(path);
    const files = await filesBelow(data, providers);
    const names = files.map((file) => relative(data, file));
    expect(names).toContain('m0.db');
    expect(names.filter((name) => name.endsWith('.tfplan') || name.startsWith('tmp/'))).toEqual([]);
    const found: string[] = [];
    for (const file of files) found.push(...leaks(relative(data, file), await readFile(file, 'latin1')));
    expect(found).toEqual([]);
  });

  it('files on disk are readable by their owner only', async () => {
    const data = join(world.dir, 'data');
    const openTo: string[] = [];
    async function walk(dir: string): Promise<void> {
      for (const entry of await readdir(dir, { withFileTypes: true })) {
        const path = join(dir, entry.name);
        if (entry.isSymbolicLink() || ((await lstat(path)).mode & 0o077) === 0) continue;
        if (entry.isDirectory()) await walk(path);
        else openTo.push(relative(data, path));
      }
    }
    // Also if the data directory existed before and was open to all.
    await walk(data);
    expect(openTo).toEqual([]);
  });

  it('a program started by a stack sees the stack’s variables and none of m0’s', async () => {
    const env = await readFile(join(jobsDir(), 'env-of-provisioner'), 'utf8');
    const names = env.split('\n').map((line) => line.split('=')[0] ?? '');
    expect(names).toContain('ACME_LICENSE');
    expect(names.filter((name) => /^(SLACK_|M0_|MICROSOFT_|ACME_TAG|ACME_SEAT|UNUSED)/.test(name))).toEqual(
      [],
    );
    for (const own of [PLANTED.bot, PLANTED.app, PLANTED.unused]) expect(env).not.toContain(own);
    // Control: the same search finds a secret that is there.
    expect(leaks('env', env).map((l) => l.split(' ')[1])).toContain('license');
  });
});
