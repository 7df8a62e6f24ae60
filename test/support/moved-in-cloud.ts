/** A runner whose drift of Terraform's own resources is told as drift of the cloud. */
import type { PlanResult, Runner } from '../../src/ports/runner.ts';

function moved(result: PlanResult): PlanResult {
  const findings = result.analysis.findings.map((finding) => ({
    ...finding,
    origin: 'cloud' as const,
    attributes: finding.attributes.map((each) => ({ ...each, origin: 'cloud' as const })),
  }));
  return { ...result, analysis: { ...result.analysis, findings } };
}

/**
 * Terraform's own resources can't be changed by hand, so their plans say that the code moved. m0 is told that the cloud
 * did; the plans themselves, and those that prove an edit, stay what Terraform makes.
 */
export function asMovedInCloud<R extends Runner>(runner: R): R {
  return {
    ...runner,
    plan: async (...asked: Parameters<Runner['plan']>) => moved(await runner.plan(...asked)),
    lastPlan: async (...asked: Parameters<NonNullable<Runner['lastPlan']>>) => {
      const last = await runner.lastPlan?.(...asked);
      return last == null ? null : moved(last);
    },
  };
}
