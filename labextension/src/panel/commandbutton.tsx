import { LabIcon } from '@jupyterlab/ui-components';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as React from 'react';
import { usePanel } from './context';

/** Properties of `CommandButton`. */
export interface ICommandButtonProps {
  id: string;
  args?: ReadonlyPartialJSONObject;
  /** Show the command's label beside its icon. */
  text?: boolean;
  /** Instead of the command's label. */
  label?: string;
  className?: string;
  tabIndex?: number;
  pressed?: boolean;
}

/** A button for a command, which knows its label, icon and whether it can be run. */
export function CommandButton(props: ICommandButtonProps): JSX.Element | null {
  const { commands } = usePanel();
  const { id, args = {} } = props;
  if (!commands.hasCommand(id) || !commands.isVisible(id, args)) {
    return null;
  }
  const label = props.label ?? commands.label(id, args);
  const icon = commands.icon(id, args);
  const caption = commands.caption(id, args) || label;
  const shown = icon instanceof LabIcon ? icon : null;
  return (
    <button
      type="button"
      className={`jp-ckpt-Button ${props.className ?? ''}`}
      title={caption}
      aria-label={props.text ? undefined : label}
      aria-pressed={props.pressed}
      disabled={!commands.isEnabled(id, args)}
      tabIndex={props.tabIndex}
      onClick={event => {
        event.stopPropagation();
        void commands.execute(id, args);
      }}
    >
      {shown && <shown.react tag="span" className="jp-ckpt-Icon" />}
      {(props.text || !shown) && (
        <span className="jp-ckpt-Button-label">{label}</span>
      )}
    </button>
  );
}
