import { LabIcon } from '@jupyterlab/ui-components';

/** One path in a colour of the style sheet. */
function dot(name: string, path: string): LabIcon {
  return new LabIcon({
    name: `jupyter-ckpt:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="14" viewBox="0 0 16 16"><path class="jp-ckpt-dot" fill-rule="evenodd" d="${path}"/></svg>`
  });
}

/** A full disc with a tick. */
export const safeDot = dot(
  'dot-safe',
  'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zm-.9 9.2 4.4-4.4-1.1-1.1-3.3 3.3-1.5-1.5-1.1 1.1z'
);

/** A triangle with an exclamation mark. */
export const unsafeDot = dot(
  'dot-unsafe',
  'M8 1.5 15.3 14H.7zM7.2 6v4h1.6V6zm0 5v1.6h1.6V11z'
);

/** A ring. */
export const unknownDot = dot(
  'dot-unknown',
  'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zm0 2a4 4 0 1 0 0 8 4 4 0 0 0 0-8z'
);
