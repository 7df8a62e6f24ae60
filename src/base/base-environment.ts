/** The environment variables that a child process of m0 may read. Everything else is withheld. */

/**
 * What every tool that m0 starts may read: how to find programs, proxies and certificates. Never one of m0's own
 * tokens.
 */
const ANY_TOOL = new Set([
  ...['PATH', 'LANG', 'LC_ALL', 'TZ'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'],
  ...['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'AWS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE'],
  ...['NIX_SSL_CERT_FILE', 'GIT_SSL_CAINFO'],
]);

/** Paths to the files and keys of the user that m0 runs as. Only for tools that run no third-party code. */
const OWN_TOOLS = new Set(['HOME', 'USER', 'LOGNAME', 'TMPDIR', 'SSH_AUTH_SOCK']);

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of `env` for tools that run no third-party code: git, the sandbox's cloud. */
export function baseEnvironment(env: Environment): Record<string, string> {
  return pick(env, (name) => ANY_TOOL.has(name) || OWN_TOOLS.has(name));
}

/** The variables of `env` for tools that run third-party code (Terraform, providers): nothing of m0's user. */
export function thirdPartyEnvironment(env: Environment): Record<string, string> {
  return pick(env, (name) => ANY_TOOL.has(name));
}

function pick(env: Environment, isAllowed: (name: string) => boolean): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && isAllowed(name)) picked[name] = value;
  }
  return picked;
}
