import { type ReactNode, useState } from 'react';
import type { Snapshot } from '../protocol.ts';
import { runInConsole } from './live.ts';

type Result = { readonly id: string; readonly good: boolean; readonly text: string };

/** The console buttons, and the current state of the cloud. */
export function CloudConsoleStrip({ snapshot }: { snapshot: Snapshot }): ReactNode {
  const [running, setRunning] = useState<string | null>(null);
  const [result, setResult] = useState<Result | null>(null);
  const run = async (id: string) => {
    setRunning(id);
    setResult(null);
    const answer = await runInConsole(id);
    setRunning(null);
    setResult({ id, good: answer.ok, text: answer.ok ? answer.done : answer.problem });
  };
  const label = snapshot.actions.find((action) => action.id === running)?.label;
  return (
    <section className="console" aria-label="Cloud console">
      <div className="console-row">
        <h2>Cloud console</h2>
        <div className="console-actions">
          {snapshot.actions.map((action) => (
            <button
              key={action.id}
              type="button"
              className="console-button"
              title={action.explain}
              disabled={!snapshot.status.ready || running !== null}
              onClick={() => void run(action.id)}
            >
              {action.label}
            </button>
          ))}
          {snapshot.gitHost !== null && (
            <a className="console-link" href={snapshot.gitHost} target="_blank" rel="noreferrer">
              Code and pull requests
            </a>
          )}
        </div>
      </div>
      <div className="console-row facts">
        {(snapshot.facts ?? []).map((fact) => (
          <span key={fact.label} className={fact.asBuilt ? 'fact' : 'fact moved'}>
            <span className="fact-label">{fact.label}</span> {fact.value}
            {!fact.asBuilt && ' (changed)'}
          </span>
        ))}
        {snapshot.facts === null && <span className="fact">the cloud is not up yet</span>}
      </div>
      <p className="console-result" aria-live="polite">
        {running && <span className="working">{label} …</span>}
        {result && <span className={result.good ? undefined : 'bad'}>{result.text}</span>}
      </p>
    </section>
  );
}
