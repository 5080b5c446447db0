// Put into every page before its own scripts: what the tests ask of JupyterLab, through the application object that
// the server exposes. Every promise is raced against a clock, because an evaluation has no time limit of its own.
window.ckptTest = (() => {
  const app = () => window.jupyterapp;
  const within = (promise, seconds, what) =>
    Promise.race([
      promise,
      new Promise((_, fail) =>
        setTimeout(() => fail(new Error(`${what}: nothing after ${seconds} s`)), seconds * 1000)
      )
    ]);
  const until = async (condition, seconds, what) => {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const value = condition();
      if (value) return value;
      if (Date.now() > end) throw new Error(`${what}: not after ${seconds} s`);
      await new Promise(next => setTimeout(next, 25));
    }
  };
  const panel = () => {
    const current = app().shell.currentWidget;
    if (current && current.sessionContext && current.content && current.content.widgets) return current;
    for (const widget of app().shell.widgets('main'))
      if (widget.sessionContext && widget.content && widget.content.widgets) return widget;
    return null;
  };
  const runs = new Map();
  let asked = 0;
  return {
    panel,
    // Cells that are run before the session is ready are dropped without a word.
    ready: async kernel => {
      await until(() => app(), 60, 'the application');
      await within(app().restored, 60, 'restored');
      const it = await until(() => panel() && panel().context && panel(), 60, 'a notebook');
      await within(it.context.ready, 60, 'the document');
      await within(it.revealed, 60, 'revealed');
      if (!kernel) return;
      await within(it.sessionContext.ready, 90, 'the session');
      const connection = await until(
        () => it.sessionContext.session && it.sessionContext.session.kernel, 90, 'a kernel');
      await within(connection.info, 90, "the kernel's info");
      await until(() => it.content.widgets.length > 0, 30, 'cells');
    },
    appReady: async () => {
      await until(() => app(), 60, 'the application');
      await within(app().restored, 60, 'restored');
    },
    cells: () => panel().content.widgets.map((widget, index) => {
      const model = widget.model.sharedModel;
      return {
        index, id: model.getId(), type: widget.model.type, source: model.getSource(),
        metadata: JSON.parse(JSON.stringify(widget.model.metadata)),
        rendered: widget.rendered === undefined ? null : widget.rendered,
        text: widget.node.innerText,
        count: model.execution_count === undefined ? null : model.execution_count,
        outputs: widget.model.outputs ? widget.model.outputs.toJSON() : []
      };
    }),
    indexOf: id => panel().content.widgets.findIndex(w => w.model.sharedModel.getId() === id),
    // Starts a cell and does not wait for its end; `ran` tells.
    run: index => {
      const ticket = ++asked;
      runs.set(ticket, null);
      panel().content.activeCellIndex = index;
      panel().content.deselectAll();
      app().commands.execute('notebook:run-cell').then(
        () => runs.set(ticket, 'ok'), error => runs.set(ticket, String(error)));
      return ticket;
    },
    command: (id, args) => {
      const ticket = ++asked;
      runs.set(ticket, null);
      app().commands.execute(id, args || {}).then(
        () => runs.set(ticket, 'ok'), error => runs.set(ticket, String(error)));
      return ticket;
    },
    ran: ticket => runs.get(ticket),
    status: () => panel().sessionContext.session?.kernel?.status ?? 'none',
    // A code cell's outcome, asked from the kernel itself without touching the notebook.
    ask: async (code, seconds) => {
      const kernel = panel().sessionContext.session.kernel;
      let text = '';
      const future = kernel.requestExecute({ code, silent: false, store_history: false, stop_on_error: false });
      future.onIOPub = message => {
        if (message.header.msg_type === 'stream') text += message.content.text;
        if (message.header.msg_type === 'error') text += message.content.ename + ': ' + message.content.evalue;
      };
      await within(future.done, seconds, 'the kernel');
      return text;
    },
    // The sidebar is a part of a split panel: its sizes are shares of the whole.
    widenLeftArea: pixels => {
      const node = document.getElementById('jp-main-split-panel');
      const walk = function* (widget) {
        yield widget;
        for (const child of widget.children()) yield* walk(child);
      };
      const split = [...walk(app().shell)].find(widget => widget.node === node);
      const side = document.getElementById('jp-left-stack');
      const total = split.widgets.reduce((sum, widget) => sum + widget.node.clientWidth, 0);
      const rest = total - pixels - split.widgets.slice(2).reduce((sum, widget) => sum + widget.node.clientWidth, 0);
      split.setRelativeSizes(split.widgets.map((widget, index) =>
        widget.node.contains(side) ? pixels : index === 1 ? rest : widget.node.clientWidth));
    },
    activate: id => {
      const content = panel().content;
      content.deselectAll();
      content.activeCellIndex = content.widgets.findIndex(w => w.model.sharedModel.getId() === id);
      content.mode = 'command';
      return content.scrollToItem(content.activeCellIndex, 'smart').catch(() => undefined);
    },
    active: () => panel().content.activeCell.model.sharedModel.getId(),
    mode: () => panel().content.mode,
    // Where a cell stands in the window, in pixels.
    place: id => {
      const cell = panel().content.widgets.find(w => w.model.sharedModel.getId() === id);
      return cell.isAttached ? cell.node.getBoundingClientRect().top : null;
    },
    edit: (id, source) =>
      panel().content.widgets.find(w => w.model.sharedModel.getId() === id).model.sharedModel.setSource(source),
    rename: async name => {
      const it = panel();
      await within(app().serviceManager.contents.rename(it.context.path, name), 30, 'renaming');
      await until(() => panel().context.path === name, 30, 'the new name');
    },
    restart: async () => {
      const it = panel();
      await within(it.sessionContext.session.kernel.restart(), 60, 'restarting');
      await within(it.sessionContext.session.kernel.info, 60, "the kernel's info");
      await until(() => it.sessionContext.session.kernel.status === 'idle', 60, 'an idle kernel');
    },
    // A round trip through the kernel and back, and a moment for what it pushed before.
    settle: async () => {
      await window.ckptTest.ask('pass', 60);
      await new Promise(next => setTimeout(next, 2500));
    },
    save: () => within(panel().context.save(), 30, 'saving'),
    dirty: () => panel().context.model.dirty,
    path: () => panel().context.path
  };
})();
