/** A log of a cloud that tells what a test wants, and sample events. */

import type { CauseEvent, Principal } from '../../src/model/cause.ts';
import type { CauseSettings } from '../../src/model/cloud-roles.ts';
import type { CauseQuestion, CauseSource } from '../../src/ports/cause.ts';

export const CAUSES: CauseSettings = {
  cloudtrail: {
    role: 'arn:aws:iam::123456789012:role/m0-causes',
    regions: ['eu-central-1'],
    externalId: null,
    webIdentityTokenFile: null,
  },
  athena: null,
  ask: false,
};

/** The same role, for a table over the bucket of a trail. */
export const ATHENA_CAUSES: CauseSettings = {
  cloudtrail: null,
  athena: {
    ...(CAUSES.cloudtrail as NonNullable<CauseSettings['cloudtrail']>),
    ...{ region: 'eu-central-1', database: 'audit', table: 'cloudtrail_logs_pp', workgroup: 'm0' },
    output: 's3://acme-athena/m0/',
  },
  ask: false,
};

export const DANA_BY_SSO: Principal = {
  ...{ kind: 'person', name: 'dana@acme.dev', via: 'SSO', role: 'Admin', session: 'dana@acme.dev' },
  ids: ['dana@acme.dev'],
};

export const BREAK_GLASS: Principal = {
  ...{ kind: 'role', name: 'break-glass', via: 'role, session ops', role: 'break-glass', session: 'ops' },
  ids: ['ops'],
};

/** An event in which Dana opened the group by the console. */
export function causeEvent(change: Partial<CauseEvent> & Pick<CauseEvent, 'at'>): CauseEvent {
  return {
    ...{ id: '11111111-2222-3333-4444-555555555555', name: 'AuthorizeSecurityGroupIngress' },
    ...{ grade: 'event names the attribute', who: DANA_BY_SSO, how: 'console' },
    link: 'https://console.aws.amazon.com/cloudtrailv2/home?region=eu-central-1#/events/11111111-2222-3333-4444-555555555555',
    ...change,
  };
}

/** A log of a cloud. It keeps the questions that it was asked. */
export class FakeLog implements CauseSource {
  readonly name = 'CloudTrail';
  events: readonly CauseEvent[] | Error = [];
  readonly questions: CauseQuestion[] = [];

  asks({ causes }: Parameters<CauseSource['asks']>[0]): boolean {
    return causes?.cloudtrail != null;
  }

  async ask(question: CauseQuestion): Promise<readonly CauseEvent[]> {
    this.questions.push(question);
    if (this.events instanceof Error) throw this.events;
    return this.events.filter(({ at }) => at >= question.from && at <= question.to);
  }
}
