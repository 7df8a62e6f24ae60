import { describe, expect, it } from 'vitest';
import { policySummary } from '../../../../src/drift/severity/policy-document.ts';

describe('a policy in words', () => {
  it('has one line for each statement', () => {
    const document = {
      Statement: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Allow', Action: ['s3:Get*', 's3:List*'], Resource: 'arn:aws:s3:::docs' },
        { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' },
        {
          Effect: 'Allow',
          Principal: '*',
          Action: 's3:GetObject',
          Resource: 'a',
          Condition: { Bool: { x: 'true' } },
        },
        {
          Effect: 'Deny',
          Principal: { AWS: ['111111111111'] },
          Action: ['a:1', 'a:2', 'a:3', 'a:4'],
          Resource: '*',
        },
        { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ],
    };
    expect(policySummary(JSON.stringify(document))).toEqual([
      'allows everything (*:*)',
      'allows s3:Get*, s3:List* on arn:aws:s3:::docs',
      'allows everything but iam:* on *',
      'lets everyone (*) s3:GetObject on a, with a condition',
      'denies account 111111111111 a:1, a:2, a:3 and 1 more on *',
      'lets ec2.amazonaws.com sts:AssumeRole',
    ]);
    expect(policySummary('{"a": 1}')).toBeUndefined();
    expect(policySummary('no policy')).toBeUndefined();
  });
});
