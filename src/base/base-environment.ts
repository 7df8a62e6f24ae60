/**
 * What any tool that m0 starts may see of m0's own environment: how to find programs, proxies and
 * certificates. Never a token of m0's own.
 */
const ANY_TOOL = new Set([
  ...['PATH', 'LANG', 'LC_ALL', 'TZ'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'],
  ...['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'AWS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE'],
  ...['NIX_SSL_CERT_FILE', 'GIT_SSL_CAINFO'],
]);

/** What leads to the files and keys of m0's user: for m0's own tools, which run no code of others. */
const OF_THE_USER = new Set(['HOME', 'USER', 'LOGNAME', 'TMPDIR', 'SSH_AUTH_SOCK']);

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of `env` that a tool of m0's own may see: git, the sandbox's cloud. */
export function baseEnvironment(env: Environment): Record<string, string> {
  return pick(env, (name) => ANY_TOOL.has(name) || OF_THE_USER.has(name));
}

/** The variables of `env` that a tool may see which runs other people's code: nothing of m0's user. */
export function strangersEnvironment(env: Environment): Record<string, string> {
  return pick(env, (name) => ANY_TOOL.has(name));
}

function pick(env: Environment, may: (name: string) => boolean): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && may(name)) picked[name] = value;
  }
  return picked;
}
