import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { policyCommand } from '../../src/cli/policy.ts';
import type { PolicyMode } from '../../src/decisions/decision.ts';
import type { AttributeDrift, Finding } from '../../src/drift/finding.ts';
import { createOpa } from '../../src/policy/opa.ts';
import type { PolicySource } from '../../src/runs/ports.ts';
import { NOON, sshFinding, tagFinding } from '../support/runs.ts';
import {
  analysis,
  combined,
  OPA,
  policies,
  policyRepository,
  question,
  scratch,
  source,
} from '../unit/policy/support.ts';

const SHIPPED = fileURLToPath(new URL('../../policies', import.meta.url));
const README = await readFile(join(SHIPPED, 'README.md'), 'utf8');
const FOLDERS = (await readdir(SHIPPED, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** `| [name](file) | mode | what it says |` */
const ROW = /^\| \[`([^`]+)`\]\(([^)]+)\) \| `(decide|guardrail)` \| (.+) \|$/gm;
const ROWS = [...README.matchAll(ROW)].map(([, name = '', file = '', mode, says = '']) => ({
  name,
  file,
  mode: mode as PolicyMode,
  says,
}));

function modeOf(folder: string): PolicyMode {
  const row = ROWS.find((r) => r.name === folder);
  if (row === undefined) throw new Error(`policies/README.md has no row for ${folder}`);
  return row.mode;
}

/** `m0 policy …`, which compiles, proves and lints by m0's own path. */
async function m0Policy(...args: readonly string[]): Promise<{ code: number; out: string }> {
  const said: string[] = [];
  const wrong: string[] = [];
  const code = await policyCommand(
    args,
    { out: (text) => said.push(text), err: (text) => wrong.push(text) },
    { opa: OPA, dataDir: await scratch(), cwd: SHIPPED, now: NOON },
  );
  expect(wrong.join('')).toBe('');
  return { code, out: said.join('') };
}

it('the README has one row for each folder, and no other', () => {
  expect(ROWS.map((r) => r.name).sort()).toEqual([...FOLDERS].sort());
});

describe.each(FOLDERS)('%s', (folder) => {
  it('compiles, is what its row says, and has nothing that lint would mend', async () => {
    const { out } = await m0Policy('check', folder, '--json');
    const checked = JSON.parse(out) as {
      readonly rules: readonly {
        readonly rule: string;
        readonly title: string | null;
        readonly line: number;
      }[];
      readonly warnings: readonly unknown[];
    };
    expect(checked.warnings).toEqual([]);
    expect(checked.rules.filter((r) => r.title === null)).toEqual([]);
    const rules = new Set(checked.rules.map((r) => r.rule));
    expect(rules.has('allow') ? 'decide' : 'guardrail').toBe(modeOf(folder));
    expect(rules.has('allow') || rules.has('pending') || rules.has('deny')).toBe(true);
  });

  it('is linked to a file that is there', async () => {
    const file = ROWS.find((r) => r.name === folder)?.file ?? '';
    expect(file).toBe(`${folder}/${folder.replaceAll('-', '_')}.rego`);
    expect(await readFile(join(SHIPPED, file), 'utf8')).toContain('package m0\n');
  });

  it('says what it is for: title and description of package and rules', async () => {
    const inspected = await createOpa(OPA, 60_000).run(
      ['inspect', '--annotations', '--format', 'json', folder],
      SHIPPED,
    );
    const { annotations } = JSON.parse(inspected.stdout) as {
      readonly annotations: readonly {
        readonly annotations: {
          readonly scope: string;
          readonly title?: string;
          readonly description?: string;
        };
      }[];
    };
    const all = annotations.map((a) => a.annotations);
    expect(all.filter((a) => a.scope === 'package')).toHaveLength(1);
    expect(all.filter((a) => a.scope === 'rule').length).toBeGreaterThan(0);
    expect(all.filter((a) => !a.title || !a.description)).toEqual([]);
  });

  it('passes its own tests in opa and through Wasm alike', async () => {
    const { code, out } = await m0Policy('test', folder);
    const [, inOpa, inWasm] = /: (\d+) tests pass in opa, (\d+) of them through Wasm too/.exec(out) ?? [];
    expect({ code, inWasm }).toEqual({ code: 0, inWasm: inOpa });
    expect(Number(inOpa)).toBeGreaterThan(3);
    expect(out).not.toMatch(/^(skipped|differs)/m);
  });
});

/** An attribute that was `before` in code and record, and is `now` in the cloud. */
function byHand(
  path: string,
  before: AttributeDrift['desired'],
  now: AttributeDrift['actual'],
): AttributeDrift {
  return {
    path,
    origin: 'cloud',
    kind: 'changed',
    recorded: before,
    actual: now,
    desired: before,
    sensitive: false,
  };
}

function finding(address: string, change: Partial<Finding>): Finding {
  const type = address.split('.')[0] ?? '';
  return {
    ...{ address, type, origin: 'cloud', action: 'update', actionable: true, attributes: [] },
    ...{ fingerprint: address },
    ...change,
  };
}

const TAGGED_GROUP = finding('aws_security_group.tagged', {
  attributes: [byHand('tags.Owner', 'web', null)],
});
const DELETED_BUCKET = finding('aws_s3_bucket.gone', { action: 'create', deletedByHand: true });
const IAM_POLICY = finding('aws_iam_policy.deploy', {
  attributes: [byHand('policy', '{}', '{"Statement": []}')],
});
const KEY_TAG = finding('aws_kms_key.main', { attributes: [byHand('tags.Owner', 'platform', null)] });
const TABLE = finding('aws_dynamodb_table.users', {
  attributes: [byHand('deletion_protection_enabled', true, false)],
});
const CODE_TAG = finding('aws_s3_bucket.renamed', {
  origin: 'code',
  attributes: [{ ...byHand('tags.Team', 'b', 'a'), origin: 'code', recorded: 'a' }],
});
const HIDDEN = finding('aws_iam_policy.hidden', {
  attributes: [{ ...byHand('policy', { sensitive: true }, { sensitive: true }), sensitive: true }],
});

/** What waits for a person, and who must have objected. */
const OBJECTIONS: readonly (readonly [Finding, readonly string[]])[] = [
  [sshFinding(), ['hotfix-human', 'network-human']],
  [TAGGED_GROUP, ['network-human']],
  [DELETED_BUCKET, ['data-human']],
  [IAM_POLICY, ['identity-human']],
  [HIDDEN, ['identity-human', 'no-wider-exposure']],
  [TABLE, ['data-human']],
  [CODE_TAG, ['cloud-only']],
];

describe('all guardrails beside tags-auto', () => {
  const assigned = FOLDERS.filter((f) => f === 'tags-auto' || modeOf(f) === 'guardrail');
  let files: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    const read = await Promise.all(
      assigned.map(async (folder) => {
        const names = (await readdir(join(SHIPPED, folder))).filter((n) => !n.endsWith('_test.rego'));
        return Promise.all(
          names.map(
            async (n) => [`${folder}/${n}`, await readFile(join(SHIPPED, folder, n), 'utf8')] as const,
          ),
        );
      }),
    );
    files = Object.fromEntries(read.flat());
  });

  it('decide each finding as the library promises', async () => {
    const { url } = await policyRepository(files);
    const port = await policies({ timeMs: 10_000, syncEveryMs: 3_600_000 });
    const sources = assigned.map(
      (name): PolicySource => source(url, { name, path: name, mode: modeOf(name) }),
    );

    /** Verdict and who gave reasons for it, by address. */
    const decideOn = async (findings: readonly Finding[]) => {
      const asked = question(sources, { analysis: analysis(findings) });
      const answers = await port.ask(asked);
      expect(answers.filter((a) => !a.outcome.ok)).toEqual([]);
      return new Map(
        combined(asked, answers).findings.map((f) => [
          f.address,
          { verdict: f.verdict, by: f.reasons.map((r) => r.policy) },
        ]),
      );
    };

    const passing = await decideOn([tagFinding(), KEY_TAG]);
    expect([...passing].map(([address, { verdict }]) => [address, verdict])).toEqual([
      ['aws_s3_bucket.logs', 'auto'],
      ['aws_kms_key.main', 'auto'],
    ]);

    const waiting = await decideOn(OBJECTIONS.map(([one]) => one));
    for (const [one, objectors] of OBJECTIONS) {
      const decided = waiting.get(one.address);
      expect([one.address, decided?.verdict]).toEqual([one.address, 'human']);
      expect(decided?.by).toEqual(expect.arrayContaining([...objectors]));
    }
  }, 120_000);
});
