/** Says which files of a build's context .dockerignore leaves out, by Docker's rules. */

interface Rule {
  readonly pattern: RegExp;
  readonly keeps: boolean;
}

/** `**` is any number of folders, `*` and `?` end at a slash. A rule also covers everything below what it names. */
function patternOf(text: string): RegExp {
  let source = '';
  for (let at = 0; at < text.length; at++) {
    const rest = text.slice(at);
    const char = text[at] ?? '';
    if (rest.startsWith('**/')) {
      source += '(?:.*/)?';
      at += 2;
    } else if (rest.startsWith('**')) {
      source += '.*';
      at += 1;
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if ('[]\\'.includes(char))
      throw new Error(`.dockerignore: ${text}: "${char}" is not read by the tests`);
    else source += char.replace(/[.+^$(){}|]/, '\\$&');
  }
  return new RegExp(`^${source}(?:/.*)?$`);
}

/**
 * Returns whether a path, relative to the context, is left out. The last rule that matches decides, as in Docker.
 */
export function parseDockerignore(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line): Rule => {
      const keeps = line.startsWith('!');
      const pattern = line.slice(keeps ? 1 : 0).replaceAll(/^\/|\/$/g, '');
      return { pattern: patternOf(pattern), keeps };
    });
  return (path) => rules.findLast((rule) => rule.pattern.test(path))?.keeps === false;
}
