import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/decisions/decision.ts';
import type { Finding } from '../../../src/drift/finding.ts';
import { driftCard } from '../../../src/messages/drift-card.ts';
import { fullDiff } from '../../../src/messages/full-diff.ts';
import type { DriftView } from '../../../src/messages/view.ts';
import { whyCard } from '../../../src/messages/why-card.ts';
import { HOTFIX, TAGS, WAITS as waiting } from '../../support/gallery/drift-open.ts';
import { ADMIN_BY_HAND, DATABASE, driftWorst, OPEN_GROUP } from '../../support/gallery/drift-worst.ts';
import {
  buttonsOf,
  byCode,
  byHand,
  COMMIT,
  cardText,
  driftView,
  finding,
  item,
  NETWORK_HUMAN,
  wordsText,
} from '../../support/views.ts';

const heals = item(TAGS, { type: 'heals' });
const headline = (over: Partial<DriftView>): string => driftCard(driftView(over)).headline;
const exhibitText = (name: string): string => {
  const found = driftWorst.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no exhibit ${name}`);
  return cardText(driftCard(found.view));
};
const rowsOf = (of: Finding): readonly string[] =>
  cardText(driftCard(driftView({ findings: [item(of, { type: 'waits' })] })))
    .split('\n')
    .filter((line) => line.startsWith('  '));

describe('the headline tells first', () => {
  it('what a policy denies, then what it leaves to a person, then what it warns of', () => {
    const about = (rule: 'deny' | 'pending' | 'warn', of: Finding, text: string) =>
      ({ policy: 'p', commit: COMMIT, rule, text, address: of.address }) as const;
    const resized = (name: string) => finding(`aws_x.${name}`, { attributes: [byHand('size', 1, 2)] });
    const [a, b, c] = [resized('alpha'), resized('beta'), resized('gamma')];
    const denied = item(a, { type: 'denied' }, about('deny', a, 'frozen'));
    const pending = item(b, { type: 'waits' }, about('pending', b, 'ask the owner'));
    const warnings = [about('warn', c, 'odd size')];
    const rest = [waiting, item(c, { type: 'waits' })];
    expect(headline({ findings: [...rest, pending, denied], warnings })).toMatch(
      /^prod-network: size changed by hand on alpha \(frozen\), denied by policy\. /,
    );
    expect(headline({ findings: [...rest, pending], warnings })).toMatch(
      /^prod-network: size changed by hand on beta \(ask the owner\), waits for a person\. /,
    );
    expect(headline({ findings: rest, warnings })).toMatch(
      /^prod-network: size changed by hand on gamma \(odd size\)/,
    );
    expect(headline({ findings: rest })).toMatch(/^prod-network: SSH \(22\) opened/);
  });

  it('not what a message for the whole run is about', () => {
    const plain = item(TAGS, { type: 'denied' }, { ...NETWORK_HUMAN, rule: 'deny', text: 'frozen' });
    expect(headline({ findings: [plain, waiting] })).toMatch(/^prod-network: SSH/);
  });

  it('what an apply would not change, where it is the worst', () => {
    expect(exhibitText('drift-outside')).toMatch(
      /^prod-iam: AdministratorAccess attached to role ci, outside of the code\. Tags wait for a person\n/,
    );
    const ignored = { ...ADMIN_BY_HAND, ignored: 'ours' };
    expect(headline({ state: 'approved', findings: [heals], unaffected: [ignored] })).toBe(
      'prod-network: 2 tags removed by hand on logs, heals itself',
    );
  });

  it('what the code creates, by what it opens and allows', () => {
    expect(exhibitText('drift-created')).toMatch(
      /^prod-app: 3 new in the code: 1 group open to the world, 1 IAM policy that allows everything \(\*:\*\), 1 queue, wait for a person\n/,
    );
    expect(headline({ findings: [item(OPEN_GROUP, { type: 'waits' })] })).toMatch(
      /^prod-network: applying the code would open SSH \(22\) to the world \(0\.0\.0\.0\/0\) on bastion/,
    );
  });

  it('does not say that code was merged where nobody changed it', () => {
    const tainted = finding('aws_instance.worker', {
      ...{ origin: 'code', action: 'replace', actionReason: 'replace_because_tainted' },
    });
    const card = driftCard(driftView({ findings: [item(tainted, { type: 'waits' })] }));
    expect(card.headline).toBe(
      'prod-network: worker would be deleted and created anew because it is tainted, waits for a person',
    );
    expect(cardText(card)).toContain('must be replaced because it is tainted · waits');
    expect(cardText(card)).not.toMatch(/merged|in the code/);
  });

  it('what else an apply would replace, once', () => {
    expect(exhibitText('drift-database')).toMatch(
      /^prod-db: prod_db would be deleted and created anew \(storage_encrypted changed in the code\), waits for a person\. An apply replaces worker\n/,
    );
  });
});

describe('what an apply would not change', () => {
  const text = exhibitText('drift-exposed');

  it('has its rows and a mark of its own where it widens access', () => {
    expect(text).toContain(
      '! aws_iam_role.ci | outside of the code · an apply would change nothing\n  + managed_policy_arns: arn:aws:iam::aws:policy/AdministratorAccess',
    );
    expect(text).toContain('1 resource moved where an apply would change nothing: aws_instance.web\n');
  });

  it('is counted apart where an apply only writes the state', () => {
    expect(text).toContain(
      '1 resource moved to another address, which an apply only writes to the state: aws_sqs_queue.jobs → aws_sqs_queue.work\n',
    );
    expect(text).toContain(
      '1 resource to be imported into the state, where an apply changes nothing else: aws_s3_bucket.old\n',
    );
    const whole = fullDiff(driftWorst[0]?.view ?? driftView()).text;
    expect(whole).toContain('(moved from aws_sqs_queue.jobs: an apply only writes the state)');
    expect(whole).toContain('(an apply imports it into the state)');
    expect(whole).toContain('(outside of the code · an apply would change nothing)');
  });

  it('never asks anybody by itself', () => {
    const card = driftCard(driftView({ state: 'clean', findings: [], unaffected: [ADMIN_BY_HAND] }));
    expect(card.headline).toBe('prod-network is aligned');
    expect(buttonsOf(card).map((b) => b.label)).toEqual(['Full diff']);
  });
});

describe('a create shows', () => {
  it('the few values that matter, policies by statement', () => {
    const text = exhibitText('drift-created');
    expect(text).toContain(
      [
        '+ aws_iam_policy.deploy | new in the code · waits',
        '  + policy: allows everything (*:*)',
        '  + policy: denies iam:CreateUser, iam:CreateAccessKey on *',
        '  + name: deploy',
        '  · : and 2 more in the full diff',
      ].join('\n'),
    );
    expect(text).toContain('  + ingress: 22/tcp from 0.0.0.0/0\n  + name: bastion\n');
    expect(text).not.toContain('"Statement"');
  });

  it('the values that an apply would delete, and hides secrets', () => {
    const hidden = { path: 'password', value: { sensitive: true }, sensitive: true } as const;
    const database = finding('aws_db_instance.old', {
      ...{ origin: 'code', action: 'delete', actionReason: 'delete_because_no_resource_config' },
      contents: [{ path: 'engine', value: 'postgres', sensitive: false }, hidden],
    });
    expect(rowsOf(database)).toEqual(['  - engine: postgres', '  - password: (sensitive)']);
  });

  it('a rule whose values are listed one by one as one row', () => {
    const entries = { cidr_blocks: ['0.0.0.0/0'], from_port: 22, protocol: 'tcp', to_port: 22 };
    const of = {
      ...OPEN_GROUP,
      contents: Object.entries(entries).map(([key, value]) => ({
        path: `ingress[0].${key}`,
        value,
        sensitive: false,
      })),
    };
    expect(rowsOf(of)).toEqual(['  + ingress: 22/tcp from 0.0.0.0/0']);
  });

  it('everything in the full diff, also of a replace', () => {
    const whole = fullDiff(
      driftView({ findings: [DATABASE, OPEN_GROUP].map((f) => item(f, { type: 'waits' })) }),
    ).text;
    expect(whole).toContain('    ~ storage_encrypted: false → true\n');
    expect(whole).toContain('      engine: postgres\n');
    expect(whole.match(/storage_encrypted: (?!this)/g)).toHaveLength(1);
    expect(whole).toContain('    + revoke_rules_on_delete: false\n');
    expect(whole).toContain('    + ingress: 22/tcp from 0.0.0.0/0\n');
  });
});

describe('the confirmation', () => {
  const approve = (over: Partial<DriftView>) => buttonsOf(driftCard(driftView(over)))[0];

  it('says what a create opens or allows, and is never left out for it', () => {
    const open = { confirm: false, findings: [item(OPEN_GROUP, { type: 'waits' } as const)] };
    expect(approve(open)?.confirm?.body).toMatch(
      /^Creates: aws_security_group\.bastion that opens SSH \(22\) to the world \(0\.0\.0\.0\/0\)\. Nothing else/,
    );
    const quiet = finding('aws_sqs_queue.q', { origin: 'code', action: 'create' });
    expect(approve({ ...open, findings: [item(quiet, { type: 'waits' })] })).not.toHaveProperty('confirm');
  });

  it('lists what opens something before other changes, so that it is never cut off', () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      finding(`aws_sqs_queue.q${i}`, { attributes: [byHand('tags.Owner', 'platform', null)] }),
    );
    const body = approve({ findings: [...many, OPEN_GROUP].map((f) => item(f, { type: 'waits' })) })?.confirm
      ?.body;
    expect(body).toMatch(/^Creates: aws_security_group\.bastion that opens SSH/);
  });
});

describe('reasons of a replace or delete', () => {
  const status = (over: Partial<Finding>): string => {
    const of = finding('aws_x.a', { origin: 'code', ...over });
    const block = driftCard(driftView({ findings: [item(of, { type: 'waits' })] })).blocks.find(
      (b) => b.type === 'finding',
    );
    return block?.type === 'finding' ? wordsText(block.status) : '';
  };

  it.each<[string, Partial<Finding>]>([
    [
      'must be replaced because it is tainted',
      { action: 'replace', actionReason: 'replace_because_tainted' },
    ],
    [
      'must be replaced because somebody asked for it (-replace)',
      { action: 'replace', actionReason: 'replace_by_request' },
    ],
    [
      'must be replaced because its trigger changed',
      { action: 'replace', actionReason: 'replace_by_triggers' },
    ],
    [
      'changed in the code, must be replaced',
      { action: 'replace', actionReason: 'replace_because_cannot_update', attributes: [byCode('a', 1, 2)] },
    ],
    [
      'changed in the cloud, must be replaced because it is tainted',
      {
        action: 'replace',
        origin: 'cloud',
        actionReason: 'replace_because_tainted',
        attributes: [byHand('a', 1, 2)],
      },
    ],
    [
      'deleted because its key is no longer in for_each',
      { action: 'delete', actionReason: 'delete_because_each_key' },
    ],
    [
      'deleted because its module is no longer in the code',
      { action: 'delete', actionReason: 'delete_because_no_module' },
    ],
    [
      'outside of the code',
      {
        origin: 'cloud',
        attributes: [{ ...byHand('instance_state', 'running', 'stopped'), computed: true }],
      },
    ],
    ['gone from the code', { action: 'delete' }],
    ['gone from the code', { action: 'delete', actionReason: 'a reason of tomorrow' }],
    ['imported into the state, changed in the code', { importing: true, attributes: [byCode('a', 1, 2)] }],
  ])('%s', (words, over) => {
    expect(status(over)).toBe(`${words} · waits`);
  });
});

describe('a policy message', () => {
  it('keeps the address that it names', () => {
    const decision = decide(
      [HOTFIX, TAGS],
      [
        {
          ...{ policy: 'p', mode: 'decide', commit: COMMIT },
          outcome: {
            ok: true,
            messages: [
              { rule: 'pending', text: 'look', address: HOTFIX.address },
              { rule: 'pending', text: 'everything' },
              { rule: 'warn', text: 'odd', address: TAGS.address },
            ],
          },
        },
      ],
      'policy',
    );
    expect(decision.findings[0]?.reasons).toEqual([
      { policy: 'p', commit: COMMIT, rule: 'pending', text: 'look', address: HOTFIX.address },
      { policy: 'p', commit: COMMIT, rule: 'pending', text: 'everything' },
    ]);
    expect(decision.warnings).toMatchObject([{ text: 'odd', address: TAGS.address }]);
  });

  it('that warns says which resource it is about', () => {
    const warn = { policy: 'p', commit: COMMIT, rule: 'warn', text: 'odd' } as const;
    const warnings = [{ ...warn, address: 'aws_x.a' }, { ...warn, address: 'aws_x.b' }, warn];
    const view = driftView({ findings: [waiting], warnings });
    for (const card of [driftCard(view), whyCard(view)]) {
      expect(cardText(card)).toContain('Warns: aws_x.a: odd · aws_x.b: odd · odd (p@a1b2c3d)');
    }
  });
});
