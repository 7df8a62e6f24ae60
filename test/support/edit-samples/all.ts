/** All samples of the editor. Names of files and resources differ, so that one root module can have all that Terraform plans. */
import { ANEW_SAMPLES } from './anew.ts';
import { BLOCK_SAMPLES } from './blocks.ts';
import { COLLECTION_SAMPLES } from './collections.ts';
import { DELETED_SAMPLES } from './deleted.ts';
import { DYNAMIC_SAMPLES } from './dynamic.ts';
import { HOP_SAMPLES } from './hops.ts';
import { LITERAL_SAMPLES } from './literals.ts';
import { REFUSAL_SAMPLES } from './refusals.ts';
import type { Sample } from './sample.ts';
import { SCHEMA_SAMPLES } from './schema.ts';

export const ALL_SAMPLES: readonly Sample[] = [
  ...LITERAL_SAMPLES,
  ...COLLECTION_SAMPLES,
  ...BLOCK_SAMPLES,
  ...DYNAMIC_SAMPLES,
  ...HOP_SAMPLES,
  ...REFUSAL_SAMPLES,
  ...DELETED_SAMPLES,
  ...ANEW_SAMPLES,
  ...SCHEMA_SAMPLES,
];
