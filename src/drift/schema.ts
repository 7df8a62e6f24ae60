/** What a provider's schema says about the attributes of its resources. */
import type { Segment } from './attribute-path.ts';
import type { Json } from './finding.ts';

/** One place in a resource, as its provider's schema describes it. */
export interface SchemaPlace {
  /** `one`: a single object, a scalar, or a value of any type. */
  readonly collection: 'set' | 'list' | 'map' | 'one';
  /** True for a nested block with attributes of its own. */
  readonly block: boolean;
  /** True for an attribute with attributes of its own: it is written `name = { … }`, and never as a block. */
  readonly nested: boolean;
  /** True if the provider computes it. */
  readonly computed: boolean;
  /** True if the code may set it (optional or required). */
  readonly settable: boolean;
  readonly sensitive: boolean;
}

/** The schemas of the providers that a plan uses. */
export interface Schema {
  /**
   * The place of a resource type at this path; undefined if the schema does not say, for example inside a value of
   * any type. Indexes and `null` (an element matched by value) are skipped, except in a collection of collections:
   * there one leads to the inner collection.
   */
  at(type: string, segments: readonly Segment[]): SchemaPlace | undefined;
  /**
   * The places that the schema of a type calls sensitive, as a mask like Terraform's (`{"password": true}`), in which
   * a list has one mask for all of its elements; null if there are none. Left out: nothing is known about secrets.
   */
  masks?(type: string): Json;
}
