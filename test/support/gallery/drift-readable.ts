/** Gallery: values that are long, and changes that many resources share. */
import { readFileSync } from 'node:fs';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Finding } from '../../../src/drift/finding.ts';
import { readPlan } from '../../../src/drift/read-plan.ts';
import { byHand, finding, item, NETWORK_HUMAN } from '../views.ts';
import { type DriftExhibit, drift } from './drift-open.ts';

/** The findings of a plan in test/found/explain. */
function found(name: string): readonly Finding[] {
  const file = new URL(`../../found/explain/${name}.json`, import.meta.url);
  return analyzePlan(readPlan(readFileSync(file), name), { key: 'gallery' }).findings;
}

const waiting = (findings: readonly Finding[]) =>
  findings.map((one) => item(one, { type: 'waits' }, NETWORK_HUMAN));

/** 1,500 instances of which 1,498 lost the same tag. */
export const FLEET: readonly Finding[] = Array.from({ length: 1500 }, (_, i) =>
  finding(`aws_instance.web[${i}]`, {
    attributes:
      i === 7 || i === 700
        ? [byHand('instance_type', 't3.small', i === 7 ? 'm5.large' : 'm5.xlarge')]
        : [byHand('tags.Owner', 'platform', null)],
  }),
);

const SCRIPT = `#!/bin/bash
set -euo pipefail
export STAGE=prod
dnf install -y nginx
systemctl enable --now nginx
curl -fsS https://artifacts.acme.dev/agent/install.sh | bash -s -- --version 4.2
echo ready
`;

/** A launch template whose script was changed, and values that differ in a detail only. */
const DETAILS = finding('aws_launch_template.app', {
  attributes: [
    byHand('instance_type', 't3.small', 'T3.small'),
    byHand('metadata_options[0].http_put_response_hop_limit', '1', 1),
    byHand('name_prefix', 'app-', 'app- '),
    {
      ...byHand('user_data', 'IyEvYmluL2Jhc2gK', 'IyEvYmluL2Jhc2gKc2V0Cg=='),
      decoded: { recorded: SCRIPT, actual: SCRIPT.replace('4.2', '4.3'), desired: SCRIPT },
    },
    byHand('valid_until', '2026-12-31T00:00:00Z', '2026-12-31T00:00:00+00:00'),
  ],
});

export const driftReadable: readonly DriftExhibit[] = [
  drift('drift-text', 'One line of a manifest of 43 lines was changed by hand.', {
    findings: waiting(found('10-long-text-diff-invisible')),
  }),
  drift('drift-rule-opened', 'The only rule of a security group was opened to the world.', {
    findings: waiting(found('12-open-security-group-without-port')),
  }),
  drift('drift-alike', 'The same tag was removed from 1,498 of 1,500 instances.', {
    findings: waiting(FLEET),
  }),
  drift('drift-details', 'Differences that are easy to overlook, and a script that is stored as base64.', {
    findings: waiting([DETAILS]),
  }),
];
