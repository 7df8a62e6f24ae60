/**
 * What any tool that m0 starts may see of m0's own environment: how to find programs, a home, proxies and
 * certificates. Never a token of m0's own; what a stack needs stands in its `env`.
 */
const NAMES = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ', 'SSH_AUTH_SOCK'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'],
  ...['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'AWS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE'],
  ...['NIX_SSL_CERT_FILE', 'GIT_SSL_CAINFO'],
]);

/** The variables of `env` that may be handed on to a tool. */
export function baseEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && NAMES.has(name)) picked[name] = value;
  }
  return picked;
}
