/** The keys of m0.yaml for access to private repositories. */
import { z } from 'zod';
import { text } from './formats.ts';

/** Only a reference, because everybody who can read m0.yaml would read a secret in it. */
const secret = text
  .regex(
    /^\$\{(env|file):[^}]+\}$/,
    'must be ${env:NAME} or ${file:PATH} and nothing else: do not write a secret into this file',
  )
  .describe('${env:NAME} or ${file:PATH}');

export const credential = z
  .strictObject({
    for: text.describe(
      'Prefix of the addresses of repositories: https://HOST/…, ssh://HOST/… or USER@HOST:…. The longest that matches counts',
    ),
    token: secret.optional().describe('Access token for https, as ${env:NAME} or ${file:PATH}'),
    username: text
      .regex(/^[^\0-\x1f\x7f]+$/, 'must be one line')
      .optional()
      .describe(
        'User name for the token. Left out: the user in the address of the repository, else what GitHub, GitLab, Bitbucket and Azure DevOps take with access tokens',
      ),
    sshKey: text
      .optional()
      .describe('File of a private key for ssh, without a passphrase. Relative to m0.yaml'),
    knownHosts: text
      .optional()
      .describe('File of host keys, the only ones that are trusted. Left out: those of the user of m0'),
    modules: z
      .boolean('must be true or false')
      .default(false)
      .describe('true: also for Git modules and submodules that the code of stacks names'),
    write: z
      .boolean('must be true or false')
      .default(false)
      .describe('true: for branches and pull requests of m0, and never for reading'),
    githubApp: z
      .strictObject({
        id: z
          .union([z.number().int().positive(), text], 'must be the id of the app')
          .describe('App id, or client id'),
        privateKey: secret.describe('The key of the app (PEM), as ${env:NAME} or ${file:PATH}'),
      })
      .optional()
      .describe(
        'A GitHub App that is installed on the repositories, in place of a token. Only with write: true',
      ),
  })
  .refine(
    ({ token, sshKey, githubApp }) =>
      [token, sshKey, githubApp].filter((one) => one !== undefined).length === 1,
    {
      error: 'must have one of token, sshKey or githubApp',
    },
  )
  .refine(({ write, githubApp }) => githubApp === undefined || write, {
    error: 'needs write: true, because the app is for pull requests only',
    path: ['githubApp'],
  })
  .refine(({ write, modules }) => !(write && modules), {
    error: 'can’t be together with write: true: what may write is never used for reading',
    path: ['modules'],
  })
  .refine((value) => value.username === undefined || value.token !== undefined, {
    error: 'goes with a token; with an sshKey the user is in the address',
    path: ['username'],
  })
  .refine((value) => value.knownHosts === undefined || value.sshKey !== undefined, {
    error: 'goes with an sshKey',
    path: ['knownHosts'],
  })
  .describe('Access to private repositories, of policies and of stacks alike');
