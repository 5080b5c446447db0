/** Open the context menu at an element, as the right mouse button does. */
export function openMenu(node: HTMLElement): void {
  const box = node.getBoundingClientRect();
  node.dispatchEvent(
    new MouseEvent('contextmenu', {
      bubbles: true,
      cancelable: true,
      button: 2,
      clientX: box.left + Math.min(24, box.width / 2),
      clientY: box.top + Math.min(24, box.height)
    })
  );
}
