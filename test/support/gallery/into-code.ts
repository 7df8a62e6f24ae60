/** Gallery: drift on its way into the code. */
import type { Codification } from '../../../src/model/codification.ts';
import { DANA, item, NOW, sampleCodification } from '../views.ts';
import { ASKED, type DriftExhibit, drift, HOTFIX, WAITS } from './drift-open.ts';

const CODIFIED = item(HOTFIX, { type: 'codified', by: DANA });

function waiting(name: string, says: string, change: Partial<Codification>): DriftExhibit {
  const codifications = [sampleCodification({ pullRequest: null, ...change })];
  return drift(name, says, { findings: [WAITS], asked: ASKED, codifications });
}

export const intoCode: readonly DriftExhibit[] = [
  waiting('code-proving', 'Dana asked to put it into the code; m0 edits it and plans the edit.', {
    state: 'proving',
  }),
  drift('code-open', 'The pull request is open, and the rule is left as it is meanwhile.', {
    state: 'quiet',
    alert: 'resolved',
    outcome: 'everything left is on its way into the code',
    findings: [CODIFIED],
    codifications: [sampleCodification()],
  }),
  drift('code-done', 'The pull request is merged, and the next check is clean.', {
    state: 'quiet',
    alert: 'resolved',
    outcome: 'in the code since PR #118',
    findings: [WAITS],
    codifications: [sampleCodification({ state: 'done', mergedBy: 'Kim', mergedAt: NOW })],
  }),
  waiting('code-refused', 'It can’t be put into the code, and why.', {
    ...{ state: 'refused', patch: '' },
    why: 'cidr_blocks is set by each.key in main.tf:41, it would change 12 groups. Snooze, accept, or edit there',
  }),
  {
    ...waiting('code-too-many', 'Too many stacks would have to be planned to prove it: the patch is there.', {
      state: 'refused',
      fingerprint: HOTFIX.fingerprint,
      why: 'to prove it, m0 would have to plan 40 other stacks, and it plans 20 at most: prod-app and prod-db read an edited file and root-0, root-1, root-2, root-3, root-4 and 33 more may read any file of the repository',
    }),
    unpictured: true,
  },
  waiting('code-disagreed', 'The plan does not agree: nothing was pushed, and what was tried is shown.', {
    state: 'disagreed',
    proof: [
      { stack: 'prod-network', before: 1, after: 0, against: [] },
      {
        ...{ stack: 'prod-app', before: 0, after: 1 },
        against: ['with the edit, an apply would update aws_security_group.web'],
      },
    ],
  }),
  waiting('code-patch', 'It is proven, and m0 may not write to the repository: the patch is there.', {
    state: 'proven',
    unwritable: 'm0.yaml has no credentials with write for git.acme.dev.',
  }),
];
