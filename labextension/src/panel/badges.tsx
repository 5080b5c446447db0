import { LabIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IRow } from '../api';
import { Glyph } from './glyph';
import {
  bestIcon,
  heldIcon,
  mirroredIcon,
  pinIcon,
  unsafeIcon,
  verifiedIcon,
  warningIcon
} from './icons';

/** How much a badge should be seen. */
export type Tone = 'error' | 'warning' | 'good' | 'strong' | 'plain';

/** A word that stands beside a checkpoint. */
export interface IBadge {
  word: string;
  tone: Tone;
  why: string;
  icon?: LabIcon;
  /** Only its icon is shown where there is little room. */
  small?: boolean;
}

/** What is to be seen of a checkpoint at a glance, the gravest first. */
export function badgesOf(
  row: IRow,
  held: boolean,
  trans: TranslationBundle
): IBadge[] {
  const found: IBadge[] = [];
  const add = (badge: IBadge) => found.push(badge);
  if (row.verified === 'corrupt') {
    add({
      word: trans.__('corrupt'),
      tone: 'error',
      icon: warningIcon,
      why: trans.__('Its bytes are not those that were saved: do not use it.')
    });
  }
  if (row.durability !== null && row.durability !== 'persistent') {
    add({
      word:
        row.durability === 'unknown'
          ? trans.__('safety unknown')
          : trans.__('not safe'),
      tone: row.durability === 'ephemeral' ? 'error' : 'warning',
      icon: unsafeIcon,
      small: true,
      why: lifetime(row.durability, trans)
    });
  }
  if (held) {
    add({
      word: trans.__('in kernel'),
      tone: 'strong',
      icon: heldIcon,
      why: trans.__("The kernel's state descends from it.")
    });
  }
  if (row.best) {
    add({
      word: trans.__('best'),
      tone: 'good',
      icon: bestIcon,
      small: true,
      why: trans.__('The best one of its run.')
    });
  }
  if (row.pinned) {
    add({
      word: trans.__('pinned'),
      tone: 'plain',
      icon: pinIcon,
      small: true,
      why: trans.__('Never pruned.')
    });
  }
  if (row.mirrored) {
    add({
      word: trans.__('mirrored'),
      tone: 'good',
      icon: mirroredIcon,
      small: true,
      why: trans.__('There is a copy in object storage.')
    });
  }
  if (row.verified === 'ok') {
    add({
      word: trans.__('verified'),
      tone: 'good',
      icon: verifiedIcon,
      small: true,
      why: trans.__('Read through and found as it was saved.')
    });
  }
  if (row.mid_epoch) {
    add({
      word: trans.__('mid-epoch'),
      tone: 'plain',
      why: trans.__('Saved inside an epoch, which a resume continues.')
    });
  }
  if (!row.own) {
    add({
      word: trans.__('copied'),
      tone: 'plain',
      why: trans.__('A copy from another run.')
    });
  }
  for (const tag of row.tags) {
    add({ word: `#${tag}`, tone: 'plain', why: trans.__('Tag: %1', tag) });
  }
  return found;
}

/** What a volume survives, in one sentence. */
export function lifetime(durability: string, trans: TranslationBundle): string {
  switch (durability) {
    case 'persistent':
      return trans.__('Survives the removal of the container or instance.');
    case 'session':
      return trans.__(
        'Survives a restart, but is lost when the container or instance is removed.'
      );
    case 'ephemeral':
      return trans.__(
        'Can be lost at any time: nothing here survives a restart.'
      );
    default:
      return trans.__('It is not known what this storage survives.');
  }
}

/** Badges in one line. */
export function Badges(props: {
  badges: IBadge[];
  brief?: boolean;
}): JSX.Element {
  return (
    <span className="jp-ckpt-Badges">
      {props.badges.map(badge => (
        <Badge key={badge.word} badge={badge} brief={props.brief} />
      ))}
    </span>
  );
}

function Badge(props: { badge: IBadge; brief?: boolean }): JSX.Element {
  const { badge, brief } = props;
  const bare = brief && badge.small && badge.icon;
  return (
    <span
      className={`jp-ckpt-Badge jp-mod-${badge.tone}`}
      title={bare ? `${badge.word}: ${badge.why}` : badge.why}
    >
      {badge.icon && <Glyph icon={badge.icon} />}
      <span className={bare ? 'jp-ckpt-hidden' : undefined}>{badge.word}</span>
    </span>
  );
}
