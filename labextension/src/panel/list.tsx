import {
  useVirtualizer,
  defaultRangeExtractor,
  Range
} from '@tanstack/react-virtual';
import * as React from 'react';
import { CommandIDs } from '../commands/ids';
import { IRow } from '../api';
import { ALL_RUNS, positionText } from '../model';
import { usePanel } from './context';
import { ListHeader } from './listheader';
import { deedOf, searched, TypeAhead } from './listkeys';
import { openMenu } from './menu';
import { MissingRow, Row } from './row';

/** Heights of a row of one and of two lines, as in the style sheet. */
const ONE_LINE = 28;
const TWO_LINES = 46;
const OVERSCAN = 10;

/** The checkpoints: a grid of which only what is in view is there. */
export function CheckpointList(): JSX.Element {
  const { model, commands, trans, wide } = usePanel();
  const { rows } = model;
  const box = React.useRef<HTMLDivElement>(null);
  const count = rows.pages.total ?? 0;
  const height = wide ? ONE_LINE : TWO_LINES;
  const { cursor, chosen } = rows.selection;
  const typed = React.useMemo(() => new TypeAhead(), []);
  const wantsFocus = React.useRef(false);

  const virtual = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: OVERSCAN,
    // the row with the focus stays: the focus would be lost with it
    rangeExtractor: React.useCallback(
      (range: Range) => withCursor(defaultRangeExtractor(range), cursor, count),
      [cursor, count]
    )
  });
  React.useEffect(() => virtual.measure(), [virtual, height]);
  React.useEffect(() => {
    const at = rows.selection.cursor;
    if (at > 0) {
      virtual.scrollToIndex(at);
    }
  }, [rows, virtual]);

  const { sort, order, filter } = rows.order;
  const pages = rows.pages;
  React.useEffect(() => {
    if (rows.selection.cursor < 0) {
      virtual.scrollToOffset(0);
    }
  }, [virtual, rows, pages, sort, order, filter]);

  const items = virtual.getVirtualItems();
  const { range } = virtual;
  React.useEffect(() => {
    if (range) {
      rows.see(
        Math.max(0, range.startIndex - OVERSCAN),
        range.endIndex + OVERSCAN
      );
    }
  }, [rows, range?.startIndex, range?.endIndex, count, range]);

  React.useEffect(() => {
    if (wantsFocus.current && cursor >= 0) {
      wantsFocus.current = false;
      const row = box.current?.querySelector<HTMLElement>(
        `[data-index="${cursor}"]`
      );
      row?.focus({ preventScroll: true });
    }
  });

  const moveTo = (index: number) => {
    virtual.scrollToIndex(index);
    wantsFocus.current = true;
  };

  // whoever comes with Tab has the first row at hand; whoever clicks says what is selected
  const pressed = React.useRef(false);
  const onFocus = (event: React.FocusEvent<HTMLElement>) => {
    const { index } = event.target.dataset;
    const none = rows.selection.cursor < 0 && !chosen.size;
    if (!pressed.current && none && index !== undefined) {
      rows.select(Number(index), 'only');
    }
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    if ((event.target as HTMLElement).closest('button, input')) {
      return;
    }
    const page = Math.floor((box.current?.clientHeight ?? height) / height);
    // keys may come faster than the list is drawn
    const at = rows.selection.cursor;
    const deed = deedOf(event, at, count, page);
    if (!deed) {
      return;
    }
    event.preventDefault();
    switch (deed.kind) {
      case 'move':
        rows.select(deed.to, deed.gesture);
        moveTo(deed.to);
        break;
      case 'toggle':
        rows.select(Math.max(0, at), 'toggle');
        break;
      case 'all':
        rows.selectAll();
        break;
      case 'open':
        void commands.execute(CommandIDs.showDetails);
        break;
      case 'menu':
        openMenu(event.target as HTMLElement);
        break;
      case 'type': {
        const text = typed.add(deed.letter, event.timeStamp);
        const hit = searched(text, at, rows.pages.loaded(), one =>
          textsOf(one)
        );
        if (hit !== null) {
          rows.select(hit, 'only');
          moveTo(hit);
        }
      }
    }
  };

  const { metric, held } = model;
  const several = model.run === ALL_RUNS;
  const notebook = model.notebook.path;
  return (
    <div
      className={`jp-ckpt-List ${wide ? 'jp-mod-wide' : 'jp-mod-narrow'}`}
      role="grid"
      aria-label={trans.__('Training checkpoints')}
      aria-rowcount={count + 1}
      aria-multiselectable={true}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
      onPointerDownCapture={() => {
        pressed.current = true;
      }}
      onPointerUpCapture={() => {
        pressed.current = false;
      }}
    >
      <ListHeader />
      <div className="jp-ckpt-List-box" role="rowgroup" ref={box}>
        <div
          className="jp-ckpt-List-rows"
          role="presentation"
          style={{ height: virtual.getTotalSize() }}
        >
          {items.map(item => {
            const row = rows.pages.row(item.index);
            if (!row) {
              return (
                <MissingRow
                  key={item.key}
                  index={item.index}
                  top={item.start}
                  height={item.size}
                />
              );
            }
            const first = cursor < 0 && item.index === 0;
            return (
              <Row
                key={item.key}
                row={row}
                index={item.index}
                top={item.start}
                height={item.size}
                selected={chosen.has(row.ref)}
                stop={first || item.index === cursor}
                metric={metric}
                held={held === row.ref}
                several={several}
                notebook={notebook}
              />
            );
          })}
        </div>
      </div>
    </div>
  );

  function textsOf(row: IRow): string[] {
    const epoch = row.epoch === null ? [] : [String(row.epoch)];
    return [
      ...epoch,
      row.name,
      positionText(row, trans),
      row.note,
      ...row.tags
    ];
  }
}

function withCursor(shown: number[], cursor: number, count: number): number[] {
  if (cursor < 0 || cursor >= count || shown.includes(cursor)) {
    return shown;
  }
  return [...shown, cursor].sort((one, other) => one - other);
}
