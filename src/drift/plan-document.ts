import type { JsonObject } from './json-value.ts';

/** A plan as `terraform show -json` wrote it, whose judged parts were checked. It may hold secrets. */
export interface PlanDocument extends JsonObject {
  readonly format_version: string;
}
