import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { policyCommand } from '../../src/cli/policy.ts';
import type { PolicyMode } from '../../src/decisions/decision.ts';
import type { AttributeDrift, Finding } from '../../src/drift/finding.ts';
import type { PolicySource } from '../../src/model/directory.ts';
import { type Actor, M0 } from '../../src/model/run.ts';
import type { PolicyQuestion } from '../../src/ports/policy.ts';
import { CODE, DANA, KIM, NOON, sshFinding, tagFinding } from '../support/runs.ts';
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

/** Runs `m0 policy …`, which compiles, tests and lints as m0 does. */
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
  it('compiles, matches its row, and has no lint finding', async () => {
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

  it('is linked to its page, and its rules are in the file of its name', async () => {
    expect(ROWS.find((r) => r.name === folder)?.file).toBe(`${folder}/README.md`);
    const file = `${folder}/${folder.replaceAll('-', '_')}.rego`;
    expect(await readFile(join(SHIPPED, file), 'utf8')).toContain('package m0\n');
  });

  it('says what it is for: title and description of package and rules', async () => {
    const inspected = await execa(OPA, ['inspect', '--annotations', '--format', 'json', folder], {
      cwd: SHIPPED,
    });
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

  it('passes its own tests', async () => {
    const { code, out } = await m0Policy('test', folder);
    const [, passed] = /: (\d+) tests pass/.exec(out) ?? [];
    expect(code).toBe(0);
    expect(Number(passed)).toBeGreaterThan(3);
    expect(out).not.toMatch(/^(skipped|differs)/m);
  });
});

/** A finding whose attribute is `before` in code and state, and `now` in the cloud. */
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

/** Findings that wait for a person, and the policies that must object. */
const OBJECTIONS: readonly (readonly [Finding, readonly string[]])[] = [
  [sshFinding(), ['hotfix-human', 'network-human']],
  [TAGGED_GROUP, ['network-human']],
  [DELETED_BUCKET, ['data-human']],
  [IAM_POLICY, ['identity-human']],
  [HIDDEN, ['identity-human', 'no-wider-exposure']],
  [TABLE, ['data-human']],
  [CODE_TAG, ['cloud-only']],
];

describe('the starter policies together', () => {
  /** Every guardrail, beside the policy that the README recommends. */
  const assigned = FOLDERS.filter((f) => f === 'known-safe-auto' || modeOf(f) === 'guardrail');
  let files: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    const read = await Promise.all(
      FOLDERS.map(async (folder) => {
        const names = (await readdir(join(SHIPPED, folder), { recursive: true })).filter(
          (n) => /\.(rego|yaml)$/.test(n) && !n.endsWith('_test.rego'),
        );
        return Promise.all(
          names.map(
            async (n) => [`${folder}/${n}`, await readFile(join(SHIPPED, folder, n), 'utf8')] as const,
          ),
        );
      }),
    );
    files = Object.fromEntries(read.flat());
  });

  /** Asks some starter policies, loaded from a repository, and combines their answers. */
  async function asking(names: readonly string[], data: Readonly<Record<string, PolicySource['data']>> = {}) {
    const { url } = await policyRepository(files);
    const port = await policies({ timeMs: 20_000, syncEveryMs: 3_600_000 });
    const sources = names.map((name): PolicySource => {
      // No log is asked in these tests, so nobody knows who did it.
      const given = data[name] ?? (name === 'break-glass-human' ? { unknown: 'pass' } : undefined);
      return source(url, { name, path: name, mode: modeOf(name), ...(given ? { data: given } : {}) });
    });
    return async (findings: readonly Finding[], change: Partial<PolicyQuestion> = {}) => {
      const asked = question(sources, { analysis: analysis(findings), ...change });
      const answers = await port.ask(asked);
      expect(answers.filter((a) => !a.outcome.ok)).toEqual([]);
      return new Map(
        combined(asked, answers).findings.map((f) => [
          f.address,
          { verdict: f.verdict, by: f.reasons.map((r) => r.policy), texts: f.reasons.map((r) => r.text) },
        ]),
      );
    };
  }

  it('decide each finding as the library promises', async () => {
    const decideOn = await asking(assigned);

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
  }, 600_000);

  it('a tag waits at night, and nobody touches it in a hard freeze', async () => {
    const decideOn = await asking(['tags-auto', 'change-window'], {
      'change-window': {
        zone: 'Europe/Berlin',
        windows: [{ days: ['mon'], from: '09:00', to: '17:00' }],
        freezes: [{ from: '2026-12-20', to: '2026-12-31', reason: 'holidays', hard: true }],
      },
    });
    const verdictAt = async (instant: string) =>
      (await decideOn([tagFinding()], { now: Date.parse(instant) })).get('aws_s3_bucket.logs');

    // Mondays; 08:30 in UTC is 09:30 in Berlin.
    expect((await verdictAt('2026-03-02T08:30:00Z'))?.verdict).toBe('auto');
    expect((await verdictAt('2026-03-02T07:30:00Z'))?.verdict).toBe('human');
    const frozen = await verdictAt('2026-12-21T10:00:00Z');
    expect(frozen?.verdict).toBe('deny');
    expect(frozen?.texts).toEqual(['change freeze until 2026-12-31: holidays']);
  }, 60_000);

  it('two people other than the author must approve; repeated approvals of one count once', async () => {
    const decideOn = await asking(['two-people']);
    const said = async (approvers: readonly Actor[]) =>
      (await decideOn([DELETED_BUCKET], { approvers, requestedBy: M0 })).get('aws_s3_bucket.gone')?.texts;
    const lee: Actor = { ...DANA, person: 'lee', userId: 'U0LEE', name: 'Lee' };

    expect(CODE.author).toBe(KIM.name);
    const waits = 'people have approved (not the author)';
    expect(await said([])).toEqual([`0 of 2 ${waits}`]);
    expect(await said([KIM, DANA, DANA])).toEqual([`1 of 2 ${waits}`]);
    expect(await said([KIM, DANA, lee])).not.toContain(`2 of 2 ${waits}`);
  }, 60_000);

  it('a port that somebody closed manually is not opened again; with strict not by anybody', async () => {
    const open = { from_port: 22, to_port: 22, protocol: 'tcp', cidr_blocks: ['0.0.0.0/0'] };
    const closed = finding('aws_security_group.web', { attributes: [byHand('ingress[*]', open, null)] });
    const loudly = 'would open 22/tcp to 0.0.0.0/0';

    const asks = await asking(['updates-auto', 'no-wider-exposure']);
    const waiting = (await asks([closed])).get(closed.address);
    expect([waiting?.verdict, waiting?.texts]).toEqual(['human', [loudly]]);

    const strictly = await asking(['updates-auto', 'no-wider-exposure'], {
      'no-wider-exposure': { strict: true },
    });
    const denied = (await strictly([closed])).get(closed.address);
    expect([denied?.verdict, denied?.texts]).toEqual(['deny', [loudly]]);
  }, 60_000);

  it('updates are allowed only if no guardrail objects', async () => {
    const decideOn = await asking(['updates-auto', ...assigned.filter((f) => f !== 'known-safe-auto')]);
    const size = finding('aws_instance.web', {
      attributes: [byHand('instance_type', 'm5.large', 'm5.xlarge')],
    });
    const text = finding('aws_launch_template.web', {
      attributes: [byHand('description', 'machines of web', 'x')],
    });
    const profile = finding('aws_instance.worker', {
      attributes: [byHand('iam_instance_profile', 'worker', 'admin')],
    });
    const hidden = finding('aws_lambda_function.mail', {
      attributes: [{ ...byHand('description', { sensitive: true }, { sensitive: true }), sensitive: true }],
    });
    const decided = await decideOn([text, size, profile, hidden]);
    expect([...decided].map(([address, { verdict }]) => [address, verdict])).toEqual([
      ['aws_launch_template.web', 'auto'],
      ['aws_instance.web', 'human'],
      ['aws_instance.worker', 'human'],
      ['aws_lambda_function.mail', 'human'],
    ]);
  }, 60_000);

  it('all of them answer for a thousand findings', async () => {
    const decideOn = await asking(assigned);
    const rule = (port: number) => ({
      from_port: port,
      to_port: port,
      protocol: 'tcp',
      cidr_blocks: ['::/0'],
    });
    const rules = Array.from({ length: 5 }, (_, port) => rule(port));
    const many = Array.from({ length: 1000 }, (_, i) =>
      finding(`aws_instance.many["${i}"]`, { attributes: [byHand('tags.Owner', 'platform', null)] }),
    );
    const decided = await decideOn(many, {
      document: {
        format_version: '1.2',
        resource_changes: many.map(({ address, type }) => ({
          ...{ address, type },
          change: {
            actions: ['update'],
            before: { name: address, tags: {}, ingress: rules },
            after: { name: address, tags: { Owner: 'platform' }, ingress: rules },
            after_unknown: {},
          },
        })),
      },
    });
    // A thousand tags exceed the limit of blast-radius; no other policy objects.
    expect(decided.size).toBe(1000);
    expect(new Set([...decided.values()].map((d) => `${d.verdict} ${d.by.join()}`))).toEqual(
      new Set(['deny blast-radius']),
    );
  }, 600_000);
});

describe('plans that tags-auto once read wrongly', () => {
  const PLANS = fileURLToPath(new URL('../found/policy', import.meta.url));
  const verdicts = async (name: string): Promise<string[]> => {
    const { out } = await m0Policy('check', 'tags-auto', '--plan', join(PLANS, `${name}.json`));
    return [...out.matchAll(/^(auto|human|deny) +(\S+)$/gm)].map(
      ([, verdict, address]) => `${verdict} ${address}`,
    );
  };

  it.each([
    ['02-dynamic-block-unknown-beside-tag-plan', ['human aws_lambda_function.it']],
    [
      '02-dynamic-block-unknown-beside-tag-plan-real-terraform-moto',
      ['human aws_lambda_function.f', 'human terraform_data.next[0]'],
    ],
    ['04-google-notification-channel-labels-plan', ['human google_monitoring_notification_channel.it']],
    ['05-empty-label-or-tag-unseen-plan', ['auto aws_instance.it', 'human google_cloud_identity_group.it']],
    ['05-empty-label-or-tag-unseen-plan-real-terraform-moto', ['auto aws_lambda_function.f']],
  ])('%s', async (name, expected) => {
    expect(await verdicts(name)).toEqual(expected);
  });
});
