/** Findings for the tests of severity, made by the analysis of small plans. */
import { analyzePlan } from '../../../../src/drift/analyze.ts';
import type { Finding, Json } from '../../../../src/drift/finding.ts';
import { severityOf } from '../../../../src/drift/severity.ts';
import { type Planned, plan } from '../../../support/plan.ts';

type Values = Readonly<Record<string, Json>>;

export function only(planned: Planned): Finding {
  const [first] = analyzePlan(plan([planned]), { key: 'k' }).findings;
  if (first === undefined) throw new Error('the plan has no finding');
  return first;
}

export function changed(type: string, recorded: Values, actual: Values): Finding {
  return only({ address: `${type}.web`, recorded, actual, desired: recorded });
}

export function coded(type: string, recorded: Values, desired: Values): Finding {
  return only({ address: `${type}.web`, recorded, desired });
}

export function created(type: string, desired: Values): Finding {
  return only({ address: `${type}.web`, recorded: null, desired, actions: ['create'] });
}

export function words(of: Finding): string {
  const severity = severityOf(of);
  return `${severity.kind}: ${severity.words('web')}`;
}

export const rule = (from: number, to: number, ...cidrs: readonly string[]): Json => ({
  ...{ from_port: from, to_port: to, protocol: 'tcp', cidr_blocks: [...cidrs], description: '' },
  ...{ ipv6_cidr_blocks: [], prefix_list_ids: [], security_groups: [], self: false },
});
export const group = (...rules: readonly Json[]): Values => ({ id: 'sg-1', ingress: [...rules] });
export const SG = 'aws_security_group';
export const PRIVATE = rule(443, 443, '10.0.0.0/8');
export const WORLD = '0.0.0.0/0';

export const allow = (action: Json, more: Values = {}): Json =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: action, Resource: '*', ...more }],
  });
