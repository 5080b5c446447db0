"""Is the training inside a plain ``for batch in loader`` loop? Then a resume must not skip the rest of the epoch.

A plain loop leaves no trace but its iterator, which torch keeps alive as long as the loop runs.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any

from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _BaseDataLoaderIter


def inside_plain_loop(namespace: Mapping[str, Any]) -> str | None:
    """Name of the data loader that is being looped over, when there is one with batches still to come.

    An iterator that the user holds under a name (``dataiter = iter(loader)``, as tutorials do to look at a batch)
    is no loop; neither is one that has given out its last batch.
    """
    values = list(namespace.values())
    loaders = {id(one): name for name, one in list(namespace.items()) if issubclass(type(one), DataLoader)}
    if not loaders:
        return None
    held = {id(one) for one in values}
    samplers = {id(one._index_sampler): loaders[id(one)] for one in values if id(one) in loaders}
    for one in gc.get_objects():
        if type(one).__module__ != _BaseDataLoaderIter.__module__ or not isinstance(one, _BaseDataLoaderIter):
            continue
        name = samplers.get(id(one._index_sampler))
        if name is None or id(one) in held:
            continue
        try:
            total = len(one)
        except TypeError:
            total = -1
        if 0 < one._num_yielded != total:
            return name
    return None
