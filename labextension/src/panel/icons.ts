import { LabIcon } from '@jupyterlab/ui-components';

/** A one-path icon in the theme's colours. */
function icon(name: string, path: string): LabIcon {
  return new LabIcon({
    name: `jupyter-ckpt:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3 jp-icon-selectable" fill="#616161" d="${path}"/></svg>`
  });
}

/** Found as it was saved. */
export const verifiedIcon = icon(
  'verified',
  'M9 16.2 4.8 12l-1.4 1.4L9 19 21 7l-1.4-1.4z'
);

/** The panel's own: a falling loss whose states are kept. */
export const checkpointsIcon = new LabIcon({
  name: 'jupyter-ckpt:checkpoints',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M4 3H2v19h20v-2H4z"/>
    <path d="M7.2 5.4 5.6 6.6c2.3 5.4 6.2 8.6 13.9 9.9l.4-2C13 13.3 9.3 10.4 7.2 5.4z"/>
    <circle cx="6.8" cy="6" r="2.3"/>
    <circle cx="11.4" cy="12" r="2.3"/>
    <circle cx="19" cy="15.6" r="3"/>
  </g>
</svg>`
});

/** Pinned: never pruned. */
export const pinIcon = icon(
  'pin',
  'M16 9V4h1c.55 0 1-.45 1-1s-.45-1-1-1H7c-.55 0-1 .45-1 1s.45 1 1 1h1v5c0 1.66-1.34 3-3 3v2h5.97v7l1 1 1-1v-7H19v-2c-1.66 0-3-1.34-3-3z'
);

/** The best one of its run. */
export const bestIcon = icon(
  'best',
  'M12 17.27L18.18 21l-1.64-7.03L22 9.24l-7.19-.61L12 2 9.19 8.63 2 9.24l5.46 4.73L5.82 21z'
);

/** On a volume that outlives the container. */
export const safeIcon = icon(
  'safe',
  'M12 1L3 5v6c0 5.55 3.84 10.74 9 12 5.16-1.26 9-6.45 9-12V5l-9-4zm-2 16l-4-4 1.41-1.41L10 14.17l6.59-6.59L18 9l-8 8z'
);

/** On a volume that does not. */
export const unsafeIcon = icon(
  'unsafe',
  'M12 2L4 5v6.09c0 5.05 3.41 9.76 8 10.91 4.59-1.15 8-5.86 8-10.91V5l-8-3zm1 14h-2v-2h2v2zm0-4h-2V7h2v5z'
);

/** Something is wrong. */
export const warningIcon = icon(
  'warning',
  'M1 21h22L12 2 1 21zm12-3h-2v-2h2v2zm0-4h-2v-4h2v4z'
);

/** There is a copy in object storage. */
export const mirroredIcon = icon(
  'mirrored',
  'M19.35 10.04C18.67 6.59 15.64 4 12 4 9.11 4 6.6 5.64 5.35 8.04 2.34 8.36 0 10.91 0 14c0 3.31 2.69 6 6 6h13c2.76 0 5-2.24 5-5 0-2.64-2.05-4.78-4.65-4.96zM10 17l-3.5-3.5 1.41-1.41L10 14.17l4.59-4.59L16 11l-6 6z'
);

/** The kernel's state descends from it. */
export const heldIcon = icon(
  'held',
  'M15 9H9v6h6V9zm-2 4h-2v-2h2v2zm8-2V9h-2V7c0-1.1-.9-2-2-2h-2V3h-2v2h-2V3H9v2H7c-1.1 0-2 .9-2 2v2H3v2h2v2H3v2h2v2c0 1.1.9 2 2 2h2v2h2v-2h2v2h2v-2h2c1.1 0 2-.9 2-2v-2h2v-2h-2v-2h2zm-4 6H7V7h10v10z'
);

/** All about one. */
export const detailsIcon = icon(
  'details',
  'M12 2C6.48 2 2 6.48 2 12s4.48 10 10 10 10-4.48 10-10S17.52 2 12 2zm1 15h-2v-6h2v6zm0-8h-2V7h2v2z'
);

/** Words to find it by. */
export const tagIcon = icon(
  'tag',
  'M21.41 11.58l-9-9C12.05 2.22 11.55 2 11 2H4c-1.1 0-2 .9-2 2v7c0 .55.22 1.05.59 1.42l9 9c.36.36.86.58 1.41.58s1.05-.22 1.41-.59l7-7c.37-.36.59-.86.59-1.41s-.23-1.06-.59-1.42zM5.5 7C4.67 7 4 6.33 4 5.5S4.67 4 5.5 4 7 4.67 7 5.5 6.33 7 5.5 7z'
);

/** Two beside each other. */
export const compareIcon = icon(
  'compare',
  'M10 3H5c-1.1 0-2 .9-2 2v14c0 1.1.9 2 2 2h5v2h2V1h-2v2zm0 15H5l5-6v6zm9-15h-5v2h5v13l-5-6v9h5c1.1 0 2-.9 2-2V5c0-1.1-.9-2-2-2z'
);
