/** Users and roles in the local AWS, which checks their policies once `enforce` was called. */

/** What the role may do, as actions of IAM. */
export type Actions = readonly string[];

export interface Iam {
  /** Creates a role that everybody may assume; returns its ARN. */
  role(name: string, actions: Actions): Promise<string>;
  /** Creates a user with an access key. */
  user(
    name: string,
    actions: Actions,
  ): Promise<{ readonly AWS_ACCESS_KEY_ID: string; readonly AWS_SECRET_ACCESS_KEY: string }>;
  /** From now on every call is signed by somebody whose policies allow it, or is refused. */
  enforce(): Promise<void>;
}

const ANYBODY = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
};

/** IAM of the moto at that address. */
export function iamOf(motoUrl: string): Iam {
  async function ask(action: string, parameters: Record<string, string>): Promise<string> {
    const answer = await fetch(motoUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization:
          'AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=any',
      },
      body: new URLSearchParams({ Version: '2010-05-08', Action: action, ...parameters }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${action}: ${text}`);
    return text;
  }
  const policyOf = (actions: Actions): string =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
    });
  const field = (text: string, name: string): string =>
    new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1] ?? '';

  return {
    async role(name, actions) {
      const created = await ask('CreateRole', {
        RoleName: name,
        AssumeRolePolicyDocument: JSON.stringify(ANYBODY),
      });
      const PolicyDocument = policyOf(actions);
      await ask('PutRolePolicy', { RoleName: name, PolicyName: 'may', PolicyDocument });
      return field(created, 'Arn');
    },
    async user(name, actions) {
      await ask('CreateUser', { UserName: name });
      await ask('PutUserPolicy', { UserName: name, PolicyName: 'may', PolicyDocument: policyOf(actions) });
      const key = await ask('CreateAccessKey', { UserName: name });
      return {
        AWS_ACCESS_KEY_ID: field(key, 'AccessKeyId'),
        AWS_SECRET_ACCESS_KEY: field(key, 'SecretAccessKey'),
      };
    },
    async enforce() {
      const answer = await fetch(`${motoUrl}/moto-api/reset-auth`, { method: 'POST', body: '0' });
      if (!answer.ok) throw new Error(`moto does not check policies: ${answer.status}`);
    },
  };
}
