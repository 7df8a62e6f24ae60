/** What a provider's schema says about the attributes of its resources. */
import type { Segment } from './attribute-path.ts';

/** One place in a resource, as its provider's schema describes it. */
export interface SchemaPlace {
  /** `block`: a nested block with attributes of its own. `one`: a single object or a scalar. */
  readonly collection: 'set' | 'list' | 'map' | 'one';
  readonly block: boolean;
  /** True if the provider computes it. */
  readonly computed: boolean;
  /** True if the code may set it (optional or required). */
  readonly settable: boolean;
  readonly sensitive: boolean;
}

/** The schemas of the providers that a plan uses. */
export interface Schema {
  /**
   * The place of a resource type at this path; undefined if the schema does not say, for example below a map's key.
   * Indexes and `null` (an element matched by value) are skipped.
   */
  at(type: string, segments: readonly Segment[]): SchemaPlace | undefined;
}
