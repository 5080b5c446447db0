import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

const PATH = / d="([^"]+)"/g;
const paths = new Map<string, string[]>();

/** The picture of an icon, drawn by React: there are many in a list, and an icon's own way takes milliseconds. */
export function Glyph(props: { icon: LabIcon }): JSX.Element {
  const { name, svgstr } = props.icon;
  let found = paths.get(name);
  if (!found) {
    found = [...svgstr.matchAll(PATH)].map(match => match[1]);
    paths.set(name, found);
  }
  return (
    <span className="jp-ckpt-Icon">
      <svg
        viewBox="0 0 24 24"
        width="16"
        className="jp-ckpt-Glyph"
        aria-hidden="true"
      >
        {found.map(path => (
          <path key={path} d={path} />
        ))}
      </svg>
    </span>
  );
}
