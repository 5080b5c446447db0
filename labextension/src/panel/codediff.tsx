import * as React from 'react';

/** What a line of a unified diff is. */
export type LineKind = 'added' | 'removed' | 'place' | 'same';

/** Lines of a unified diff without its two heading lines. */
export function diffLines(text: string): [LineKind, string][] {
  const lines = text.split('\n');
  const body =
    lines[0]?.startsWith('---') && lines[1]?.startsWith('+++')
      ? lines.slice(2)
      : lines;
  return body.map(line => [kindOf(line), line]);
}

/** A unified diff: the signs say it, colours only help. */
export function CodeDiff(props: { name: string; text: string }): JSX.Element {
  return (
    <figure className="jp-ckpt-Source">
      <figcaption>{props.name}</figcaption>
      <pre className="jp-ckpt-Code jp-ckpt-Diff" tabIndex={0}>
        {diffLines(props.text).map(([kind, line], index) => (
          <span key={index} className={`jp-mod-${kind}`}>
            {line}
            {'\n'}
          </span>
        ))}
      </pre>
    </figure>
  );
}

function kindOf(line: string): LineKind {
  if (line.startsWith('@@')) {
    return 'place';
  }
  if (line.startsWith('+')) {
    return 'added';
  }
  return line.startsWith('-') ? 'removed' : 'same';
}
