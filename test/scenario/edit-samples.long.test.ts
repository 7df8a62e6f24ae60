/** The editor's samples with real Terraform: the plan after all edits is empty. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { baseEnvironment } from '../../src/base/base-environment.ts';
import { createLogger } from '../../src/base/log.ts';
import { editCode } from '../../src/codify/edit/edit-code.ts';
import { analyzePlan } from '../../src/drift/analyze.ts';
import type { PlanDocument } from '../../src/drift/plan-document.ts';
import { readPlan } from '../../src/drift/read-plan.ts';
import { digestsOf, schemaOf } from '../../src/drift/schema-digest.ts';
import { type Moto, startMoto } from '../../src/sandbox/cloud/moto.ts';
import { sandboxTools, testTools, toolsWithTofu } from '../support/cloud.ts';
import { ALL_SAMPLES } from '../support/edit-samples/all.ts';
import {
  appliedFiles,
  expectedFiles,
  findingAt,
  planOf,
  type Sample,
} from '../support/edit-samples/sample.ts';

const PROVIDER = `terraform {
  required_providers {
    aws = {
      source  = "registry.terraform.io/hashicorp/aws"
      version = "~> 5.0"
    }
  }
}
provider "aws" {
  region                      = "eu-central-1"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}
`;

type Files = Readonly<Record<string, string>>;

/** A root module with the files of many samples, whose names differ. */
class Root {
  readonly samples: readonly Sample[];
  readonly varFiles: readonly string[];
  /** Names of the variables that the stack's environment sets, as far as a sample tells m0 so. */
  readonly setOutside: readonly string[];
  readonly #dir: string;
  readonly #own: Files;
  readonly #binary: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(planned: Sample['planned'], own: Files, binary: string, env: Readonly<Record<string, string>>) {
    this.samples = ALL_SAMPLES.filter(
      (sample) =>
        sample.notPlanned === undefined &&
        sample.planned === planned &&
        (sample.after ?? sample.applied) !== undefined,
    );
    this.varFiles = this.samples.flatMap((sample) => sample.varFiles ?? []);
    this.setOutside = this.samples.flatMap((sample) => sample.setOutside ?? []);
    this.#dir = mkdtempSync(join(tmpdir(), 'm0-edit-'));
    dirs.push(this.#dir);
    this.#own = own;
    this.#binary = binary;
    const outside = this.samples.flatMap((sample) => Object.entries(sample.outside ?? {}));
    this.#env = { ...env, ...Object.fromEntries(outside.map(([name, value]) => [`TF_VAR_${name}`, value])) };
  }

  write(files: Files): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(this.#dir, dirname(path)), { recursive: true });
      writeFileSync(join(this.#dir, path), text);
    }
  }

  all(of: (sample: Sample) => Files): Files {
    return Object.assign({}, this.#own, ...this.samples.map(of));
  }

  async run(...args: string[]): Promise<string> {
    const options = { cwd: this.#dir, env: this.#env, extendEnv: false, maxBuffer: 2 ** 28 } as const;
    return (await execa(this.#binary, args, options)).stdout;
  }

  async apply(): Promise<void> {
    await this.run('init', '-input=false');
    await this.run('apply', '-input=false', '-auto-approve', ...this.#vars());
  }

  async plan(): Promise<PlanDocument> {
    await this.run('plan', '-input=false', '-out=plan.bin', ...this.#vars());
    return readPlan(await this.run('show', '-json', 'plan.bin'), 'the plan');
  }

  #vars(): readonly string[] {
    return this.varFiles.map((path) => `-var-file=${path}`);
  }
}

const dirs: string[] = [];
let moto: Moto | undefined;
let tools: ReturnType<typeof sandboxTools>;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  tools = sandboxTools(await testTools());
  moto = await startMoto({
    motoServer: tools.motoServer,
    port: 0,
    log: createLogger('silent'),
    base: process.env,
  });
  env = {
    ...baseEnvironment(process.env),
    AWS_ENDPOINT_URL: moto.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    TF_CLI_CONFIG_FILE: tools.cliConfig,
    TF_IN_AUTOMATION: '1',
  };
});
afterAll(async () => {
  await moto?.close();
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

/** Every edit has the expected bytes, every refusal its sentence, and the plan after all edits is empty. */
async function proveAll(root: Root): Promise<void> {
  root.write(root.all((sample) => ({ ...sample.files, ...appliedFiles(sample) })));
  await root.apply();

  root.write(root.all((sample) => sample.files));
  const document = await root.plan();
  const schema = schemaOf(digestsOf(JSON.parse(await root.run('providers', 'schema', '-json'))));
  const files = new Map(Object.entries(root.all((sample) => sample.files)));
  const { varFiles, setOutside } = root;
  for (const sample of root.samples) {
    // What was deleted by hand is gone from the state here, so the plan can't tell that somebody deleted it.
    const found =
      sample.actual === null ? planOf(sample) : { document, finding: findingAt(document, sample.address) };
    const answer = await editCode({ files, root: '', varFiles, setOutside, schema, ...found });
    if (sample.refused !== undefined) {
      const [reason, why] = sample.refused;
      expect.soft(answer, sample.name).toEqual({ type: 'refused', reason, why });
      continue;
    }
    expect
      .soft(answer.type === 'edited' ? Object.fromEntries(answer.files) : answer, sample.name)
      .toEqual(expectedFiles(sample));
    if (answer.type !== 'edited') continue;
    expect.soft(answer.ask, sample.name).toBe(sample.ask ?? null);
    for (const [path, text] of answer.files) files.set(path, text);
  }

  // The code of samples that are refused goes back to what was applied.
  root.write(Object.fromEntries(files));
  const refused = root.samples.filter((sample) => sample.refused !== undefined);
  root.write(Object.assign({}, ...refused.map(appliedFiles)));
  const { findings, changes } = analyzePlan(await root.plan(), { key: 'test' });
  expect(findings).toEqual([]);
  expect(changes).toEqual([]);
}

test('the samples have the expected bytes, and the plan after all edits is empty', async () => {
  await proveAll(new Root(undefined, { 'provider.tf': PROVIDER }, tools.terraform, env));
});

test('so have those whose provider has default tags', async () => {
  // The provider block itself is in a sample.
  const versions = PROVIDER.slice(0, PROVIDER.indexOf('provider "aws"'));
  await proveAll(new Root('default tags', { 'versions.tf': versions }, tools.terraform, env));
});

test('so have those that only OpenTofu reads', async () => {
  const { tofu } = await toolsWithTofu();
  await proveAll(new Root('OpenTofu', {}, tofu, env));
});
