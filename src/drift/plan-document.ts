/** The type of a plan document. */
import type { JsonObject } from './json-value.ts';

/** A plan as `terraform show -json` writes it. The parts that m0 uses are checked. It may contain secrets. */
export interface PlanDocument extends JsonObject {
  readonly format_version: string;
}
