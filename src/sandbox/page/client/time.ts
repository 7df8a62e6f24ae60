/** A short relative time: `just now`, `5 min ago`, `14:02`, `Mon 14:02`. */
export function relative(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 45) return 'just now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  const date = new Date(at);
  const clock = date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hour12: false });
  if (seconds < 20 * 3600 && date.getDate() === new Date(now).getDate()) return clock;
  return `${date.toLocaleDateString(undefined, { weekday: 'short', day: 'numeric', month: 'short' })} ${clock}`;
}

export function fromTs(ts: string): number {
  return Number(ts) * 1000;
}

export function full(at: number): string {
  return new Date(at).toLocaleString();
}

const TOKENS: Readonly<Record<string, Intl.DateTimeFormatOptions>> = {
  date_num: { year: 'numeric', month: '2-digit', day: '2-digit' },
  date: { year: 'numeric', month: 'long', day: 'numeric' },
  date_short: { year: 'numeric', month: 'short', day: 'numeric' },
  date_long: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
  time: { hour: '2-digit', minute: '2-digit', hour12: false },
  time_secs: { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false },
};

/** Formats Slack's date tokens in the reader's own time zone. */
export function slackDate(seconds: number, format: string, now: number): string {
  const date = new Date(seconds * 1000);
  return format.replace(/\{(\w+)\}/g, (token, name: string) => {
    if (name === 'ago') return relative(date.getTime(), now);
    const base = name.replace(/_pretty$/, '');
    const options = TOKENS[base];
    if (!options) return token;
    return (name.endsWith('_pretty') ? day(date, now) : null) ?? date.toLocaleString(undefined, options);
  });
}

function day(date: Date, now: number): string | null {
  const midnight = (at: number) => new Date(at).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(date.getTime()) - midnight(now)) / 86_400_000);
  return { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' }[String(days)] ?? null;
}
