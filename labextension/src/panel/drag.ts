import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import * as React from 'react';

const CELLS = 'application/vnd.jupyter.cells';
/** Pixels after which a press is a drag. */
const THRESHOLD = 5;

/** Let a row be dragged into a notebook (as a cell) or an editor (as text). */
export function useDrag(
  codeNow: () => string | null,
  label: string
): {
  onPointerDown: (event: React.PointerEvent<HTMLElement>) => void;
} {
  const ending = React.useRef<(() => void) | null>(null);
  React.useEffect(() => () => ending.current?.(), []);
  const onPointerDown = (down: React.PointerEvent<HTMLElement>) => {
    const pressed = down.target as HTMLElement;
    if (down.button !== 0 || pressed.closest('button')) {
      return;
    }
    const document = down.currentTarget.ownerDocument;
    const onMove = (event: PointerEvent) => {
      const far = Math.max(
        Math.abs(event.clientX - down.clientX),
        Math.abs(event.clientY - down.clientY)
      );
      if (far >= THRESHOLD) {
        end();
        const code = codeNow();
        if (code !== null) {
          void dragOf(code, label, document).start(
            event.clientX,
            event.clientY
          );
        }
      }
    };
    const end = () => {
      document.removeEventListener('pointermove', onMove);
      document.removeEventListener('pointerup', end);
      ending.current = null;
    };
    ending.current = end;
    document.addEventListener('pointermove', onMove);
    document.addEventListener('pointerup', end);
  };
  return { onPointerDown };
}

/** A drag that carries a code cell. */
export function dragOf(code: string, label: string, document: Document): Drag {
  const mimeData = new MimeData();
  mimeData.setData(CELLS, [
    {
      cell_type: 'code',
      source: code,
      metadata: {},
      outputs: [],
      execution_count: null
    }
  ]);
  mimeData.setData('text/plain', code);
  const dragImage = document.createElement('div');
  dragImage.className = 'jp-ckpt-DragImage';
  dragImage.textContent = label;
  return new Drag({
    mimeData,
    dragImage,
    supportedActions: 'copy',
    proposedAction: 'copy',
    source: null
  });
}
