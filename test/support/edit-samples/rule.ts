/** Rules of security groups for samples. */
import type { Json } from '../../../src/drift/finding.ts';

/** A rule of a security group as the AWS provider has it. */
export function rule(
  port: number,
  cidrs: readonly string[],
  rest: { readonly [key: string]: Json } = {},
): Json {
  return {
    cidr_blocks: [...cidrs],
    description: '',
    from_port: port,
    ipv6_cidr_blocks: [],
    prefix_list_ids: [],
    protocol: 'tcp',
    security_groups: [],
    self: false,
    to_port: port,
    ...rest,
  };
}

export const HTTPS = rule(443, ['0.0.0.0/0']);
