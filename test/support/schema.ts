/** Builds documents of `terraform providers schema -json`, with the resources' blocks as Terraform writes them. */
import type { Json } from '../../src/drift/finding.ts';
import type { Schema } from '../../src/drift/schema.ts';
import { digestsOf, schemaOf } from '../../src/drift/schema-digest.ts';

export const AWS = 'registry.terraform.io/hashicorp/aws';

/** A block: its attributes, and its nested blocks. */
export interface Block {
  readonly attributes?: Json;
  readonly block_types?: Json;
}

export function schemaDocument(resources: Readonly<Record<string, Block>>, provider = AWS): Json {
  const schemas = Object.entries(resources).map(([type, block]) => [type, { version: 0, block }]);
  return {
    format_version: '1.0',
    provider_schemas: {
      [provider]: {
        provider: { version: 0, block: {} },
        resource_schemas: Object.fromEntries(schemas) as Json,
      },
    },
  };
}

export function schemaWith(resources: Readonly<Record<string, Block>>): Schema {
  return schemaOf(digestsOf(schemaDocument(resources)));
}

export const TEXT = { type: 'string', optional: true };
export const COMPUTED = { type: 'string', computed: true };
