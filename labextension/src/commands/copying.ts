import { Clipboard, Notification } from '@jupyterlab/apputils';
import { codeIcon, copyIcon, linkIcon } from '@jupyterlab/ui-components';
import { LabIcon } from '@jupyterlab/ui-components';
import { add, ICommandContext } from './context';
import { CommandIDs } from './ids';
import { ITarget, ONE, refOf, rowOf, schemaOf, targetsOf } from './targets';

/** What puts something of a checkpoint into the clipboard. */
export function addCopying(context: ICommandContext): void {
  const { model, trans } = context;
  const copy = (
    id: string,
    label: string,
    icon: LabIcon,
    said: string,
    textOf: (target: ITarget) => Promise<string>
  ) =>
    add(context, id, {
      label,
      icon,
      describedBy: schemaOf(ONE),
      isEnabled: args => targetsOf(model, args).length > 0,
      execute: async args => {
        const targets = targetsOf(model, args);
        const texts = await Promise.all(targets.map(textOf));
        Clipboard.copyToSystem(texts.join('\n'));
        Notification.success(said, { autoClose: 2000 });
      }
    });

  copy(
    CommandIDs.copyName,
    trans.__('Copy Name'),
    copyIcon,
    trans.__('The name was copied.'),
    async target => refOf(target)
  );
  copy(
    CommandIDs.copyPath,
    trans.__('Copy Path'),
    linkIcon,
    trans.__('The path was copied.'),
    async target => (await rowOf(model, target)).path
  );
  copy(
    CommandIDs.copySnippet,
    trans.__('Copy torch.load Code'),
    codeIcon,
    trans.__('Code that needs nothing but PyTorch was copied.'),
    async target =>
      (await model.api.details(target.store, target.run, target.name)).snippet
  );
}
