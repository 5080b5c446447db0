import { closeIcon, searchIcon } from '@jupyterlab/ui-components';
import { Debouncer } from '@lumino/polling';
import * as React from 'react';
import { usePanel } from './context';

const PAUSE = 200;

/** Words to find checkpoints by, and the ones most often wanted as buttons. */
export function FilterBar(): JSX.Element {
  const { model, trans } = usePanel();
  const { filter } = model.remembered;
  const [text, setText] = React.useState(filter);
  const sent = React.useRef(filter);
  const later = React.useMemo(
    () =>
      new Debouncer((next: string) => {
        sent.current = next;
        model.remember({ filter: next });
      }, PAUSE),
    [model]
  );
  React.useEffect(() => () => later.dispose(), [later]);
  React.useEffect(() => {
    if (filter !== sent.current) {
      sent.current = filter;
      setText(filter);
    }
  }, [filter]);
  const put = (next: string) => {
    setText(next);
    sent.current = next;
    model.remember({ filter: next });
  };
  const words = text.split(/\s+/).filter(Boolean);
  const chips: [string, string][] = [
    ['is:best', trans.__('Best')],
    ['is:pinned', trans.__('Pinned')],
    ['is:verified', trans.__('Verified')],
    ['is:corrupt', trans.__('Corrupt')]
  ];
  const { error } = model.rows;
  return (
    <div className="jp-ckpt-Filter" role="search">
      <div className="jp-ckpt-Filter-box">
        <searchIcon.react tag="span" className="jp-ckpt-Icon" />
        <input
          type="text"
          className="jp-ckpt-Filter-input"
          value={text}
          placeholder={trans.__('Filter: words, tag:x, acc>0.9')}
          aria-label={trans.__('Filter the training checkpoints')}
          aria-invalid={error?.kind === 'usage'}
          spellCheck={false}
          onChange={event => {
            setText(event.target.value);
            void later.invoke(event.target.value);
          }}
          onKeyDown={event => {
            if (event.key === 'Escape' && text) {
              event.stopPropagation();
              put('');
            }
          }}
        />
        {text && (
          <button
            type="button"
            className="jp-ckpt-Button"
            title={trans.__('Clear the filter')}
            aria-label={trans.__('Clear the filter')}
            onClick={() => put('')}
          >
            <closeIcon.react tag="span" className="jp-ckpt-Icon" />
          </button>
        )}
      </div>
      <div
        className="jp-ckpt-Chips"
        role="group"
        aria-label={trans.__('Show only')}
      >
        {chips.map(([word, label]) => (
          <button
            key={word}
            type="button"
            className="jp-ckpt-Chip"
            title={word}
            aria-pressed={words.includes(word)}
            onClick={() =>
              put(
                (words.includes(word)
                  ? words.filter(one => one !== word)
                  : [...words, word]
                ).join(' ')
              )
            }
          >
            {label}
          </button>
        ))}
      </div>
      {error?.kind === 'usage' && (
        <p className="jp-ckpt-Filter-error" role="alert">
          {error.message}
        </p>
      )}
    </div>
  );
}
