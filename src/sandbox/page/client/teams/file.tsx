import { type ReactNode, useState } from 'react';
import type { TeamsFile } from '../../../teams/model.ts';
import { useAct } from '../acting.tsx';
import { isWebAddress } from './plain-card.ts';

interface FileProps {
  /** Id of the message that holds the file. */
  readonly message: string;
  readonly file: TeamsFile;
}

/**
 * A file that the app offers, with buttons to accept or decline, or one that is stored in the person's
 * OneDrive.
 */
export function File({ message, file }: FileProps): ReactNode {
  const act = useAct();
  const [busy, setBusy] = useState(false);
  const answer = async (take: boolean) => {
    setBusy(true);
    await act({ act: 'teams-file', message, take });
    setBusy(false);
  };
  if (file.kind === 'stored') {
    return (
      <div className="t-card t-file">
        <b>{file.name}</b>
        {isWebAddress(file.url) && (
          <a href={file.url} target="_blank" rel="noreferrer">
            Open
          </a>
        )}
      </div>
    );
  }
  return (
    <fieldset className="t-card t-file" disabled={busy} aria-busy={busy}>
      <b>{file.name}</b>
      <p>{file.description}</p>
      <p className="t-quiet">{size(file.bytes)}, stored in your OneDrive</p>
      <button type="button" className="ac-pushButton style-positive" onClick={() => void answer(true)}>
        Allow
      </button>{' '}
      <button type="button" className="ac-pushButton" onClick={() => void answer(false)}>
        Decline
      </button>
    </fieldset>
  );
}

const size = (bytes: number): string =>
  bytes < 1_000 ? `${bytes} bytes` : `${Math.ceil(bytes / 1_000).toLocaleString('en')} KB`;
