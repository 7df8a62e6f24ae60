/** A sample finding on its way into the code. */
import type { NewCodification } from '../../src/model/codification.ts';
import { DANA, NOON } from './runs.ts';

export function aCodification(over: Partial<NewCodification> = {}): NewCodification {
  return {
    ...{ stack: 'prod-network', state: 'asked', address: 'aws_security_group.web', fingerprint: 'f2:ssh' },
    ...{ run: 7, alert: 3, by: DANA, at: NOON, updatedAt: NOON, confirmed: false },
    ...{ branch: 'm0/prod-network/3f2a91c0', base: null, commit: null, edits: [], patch: '', proof: [] },
    ...{ unwritable: null, pullRequest: null, mergedBy: null, mergedAt: null, why: null, asks: false },
    ...{ trouble: null, tries: 0, dueAt: 0 },
    ...over,
  };
}
