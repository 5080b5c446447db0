"""Which of the found objects belong together, and when that cannot be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import nn
from torch.nn.modules.loss import _Loss
from torch.nn.parameter import is_lazy

from jupyter_ckpt.errors import AmbiguousState, NothingTracked
from jupyter_ckpt.receipt import Item, Outcome
from jupyter_ckpt.state.capture import count_parameters
from jupyter_ckpt.state.tracked import Kind, optimizers_of
from jupyter_ckpt.state.wrappers import unwrap

Named = tuple[str, Any, Kind]


@dataclass
class Found:
    """Objects by what they are, in the order of their names' first definition."""

    models: dict[str, nn.Module] = field(default_factory=dict)
    averages: dict[str, Any] = field(default_factory=dict)
    optimizers: dict[str, Any] = field(default_factory=dict)
    schedulers: dict[str, Any] = field(default_factory=dict)
    others: list[Named] = field(default_factory=list)

    def add(self, name: str, obj: Any, kind: Kind) -> None:
        """Sort one object in; modules that hold nothing (most losses) are no candidates."""
        if isinstance(obj, nn.Module) and not _holds_anything(obj):
            return
        groups: dict[Kind, dict[str, Any]] = {
            Kind.MODEL: self.models,
            Kind.EMA: self.averages,
            Kind.OPTIMIZER: self.optimizers,
            Kind.SCHEDULER: self.schedulers,
        }
        if kind in groups:
            groups[kind][name] = obj
        else:
            self.others.append((name, obj, kind))

    def drop_contained(self) -> None:
        """A module within another found module, and a scheduler within another, are no candidates of their own."""
        modules = {**self.models, **{n: o for n, o in self.averages.items() if isinstance(o, nn.Module)}}
        for name, obj in modules.items():
            inside = unwrap(obj)
            if any(
                n != name and any(m is inside for m in o.modules())
                for n, o in modules.items()
                if unwrap(o) is not inside
            ):
                self.models.pop(name, None)
                self.averages.pop(name, None)
        inner = {id(s) for o in self.schedulers.values() for s in getattr(o, "_schedulers", ())}
        self.schedulers = {n: o for n, o in self.schedulers.items() if id(o) not in inner}


def check_links(found: Found) -> tuple[list[Named], list[Item]]:
    """What is part of the state, and notes about what is not.

    Raises
    ------
    AmbiguousState
        When the links do not tell which objects belong to the training.
    NothingTracked
        When an optimizer's model has no name.
    """
    notes: list[Item] = []
    if not found.models and not found.averages:
        _check_nameless(found)
    held = {name: _parameters(optimizer) for name, optimizer in found.optimizers.items()}
    owned = {name: {id(p) for p in model.parameters()} for name, model in found.models.items()}
    averaged = {id(p) for o in found.averages.values() if isinstance(o, nn.Module) for p in o.parameters()}
    by_model = {model: [o for o, ids in held.items() if ids & mine] for model, mine in owned.items()}
    _check_optimizers(found, by_model, held)
    trained = [model for model, optimizers in by_model.items() if optimizers]
    linked = {o for optimizers in by_model.values() for o in optimizers}
    optimizers = [
        o for o in found.optimizers if o in linked or not found.models or _holds_plain_tensors(found.optimizers[o])
    ]
    for name in found.optimizers:
        if name not in optimizers and not held[name] & averaged:
            known = _listed(found.models)
            why = f"holds no parameter of {known}: the model was made anew; run the optimizer's cell again"
            notes.append(Item(name, Kind.OPTIMIZER.value, Outcome.NOT_SAVED, why))
    models = _models(found, trained, by_model, notes)
    schedulers = _schedulers(found, optimizers, notes)
    kept: list[Named] = [(name, found.models[name], Kind.MODEL) for name in models]
    kept += [(name, found.optimizers[name], Kind.OPTIMIZER) for name in optimizers]
    kept += [(name, found.schedulers[name], Kind.SCHEDULER) for name in schedulers]
    kept += [(name, obj, Kind.EMA) for name, obj in found.averages.items()]
    return kept + found.others, notes


def _check_optimizers(found: Found, by_model: dict[str, list[str]], held: dict[str, set[int]]) -> None:
    """Two optimizers may share a model, each with parameters of its own; not the same parameters."""
    for model, names in by_model.items():
        for number, one in enumerate(names):
            rivals = [other for other in names[number + 1 :] if held[one] & held[other]]
            if rivals:
                choices = [_line(found, [model], [name]) for name in (one, *rivals)]
                what = " and ".join([one, *rivals])
                candidates = [_describe(name, found.optimizers[name]) for name in (one, *rivals)]
                raise AmbiguousState(_text(f"{what} hold the same parameters of {model}", candidates, choices))


def _models(found: Found, trained: list[str], by_model: dict[str, list[str]], notes: list[Item]) -> list[str]:
    """The models that are trained, those that follow one (target networks, best copies), and a note on the others."""
    idle = [name for name in found.models if name not in trained]
    if not trained:
        if len(idle) <= 1:
            return idle
        choices = [_line(found, [name], []) for name in idle] + [_line(found, idle, [])]
        candidates = [_describe(name, found.models[name]) for name in idle]
        raise AmbiguousState(
            _text("several models, and no optimizer holds the parameters of one", candidates, choices)
        )
    shapes = [_shapes(found.models[name]) for name in trained]
    kept, left = list(trained), []
    for name in idle:
        model = found.models[name]
        # buffers alone are changed without an optimizer: running statistics of inputs or rewards
        only_buffers = not any(True for _ in model.parameters())
        if only_buffers or any(_shapes(model) == shape for shape in shapes):
            kept.append(name)
        else:
            left.append(name)
    learning = [name for name in left if any(p.requires_grad for p in found.models[name].parameters())]
    if len(trained) > 1 and learning:
        candidates = [_describe(name, found.models[name]) for name in found.models]
        choices = [_line(found, kept, _used(by_model, kept)), _line(found, kept + learning, _used(by_model, kept))]
        raise AmbiguousState(_text(f"no optimizer holds the parameters of {_listed(learning)}", candidates, choices))
    for name in left:
        line = _line(found, [*kept, name], _used(by_model, kept))
        why = f"no optimizer trains it: taken to be fixed; `{line}` saves it too"
        notes.append(Item(name, Kind.MODEL.value, Outcome.NOT_SAVED, why))
    return [name for name in found.models if name in kept]


def _schedulers(found: Found, optimizers: list[str], notes: list[Item]) -> list[str]:
    mine = {id(found.optimizers[name]) for name in optimizers}
    bound = [name for name, s in found.schedulers.items() if optimizers_of(s) & mine]
    loose = [name for name in found.schedulers if name not in bound]
    if bound and loose:
        models = list(found.models)
        choices = [_line(found, models, optimizers, bound), _line(found, models, optimizers, loose)]
        candidates = [_describe(name, found.schedulers[name]) for name in found.schedulers]
        head = f"{_listed(loose)} is bound to another optimizer than {_listed(optimizers)}"
        raise AmbiguousState(_text(f"several schedulers, and {head}", candidates, choices))
    for name in loose:
        why = f"is bound to another optimizer than {_listed(optimizers)}: run the scheduler's cell again"
        notes.append(Item(name, Kind.SCHEDULER.value, Outcome.NOT_SAVED, why))
    return bound


def _check_nameless(found: Found) -> None:
    """Saving an optimizer without the model that it trains would look like a checkpoint and be none."""
    for name, optimizer in found.optimizers.items():
        if not _holds_plain_tensors(optimizer):
            raise NothingTracked(
                f"{name} trains a model that no name here stands for (is it inside a list or another object?):"
                " give it a name, for instance `model = trainer.model`"
            )


def _holds_plain_tensors(optimizer: Any) -> bool:
    """An optimizer over tensors of the user's, not over a model's parameters."""
    params = [p for group in optimizer.param_groups for p in group["params"]]
    return bool(params) and not any(isinstance(p, nn.Parameter) for p in params)


def _parameters(optimizer: Any) -> set[int]:
    return {id(p) for group in optimizer.param_groups for p in group["params"]}


def _holds_anything(module: nn.Module) -> bool:
    """False for most losses: neither parameters nor buffers that training changes."""
    if any(True for _ in module.parameters()):
        return True
    return not isinstance(unwrap(module), _Loss) and any(True for _ in module.buffers())


def _shapes(model: nn.Module) -> list[tuple[int, ...]]:
    return [() if is_lazy(p) else tuple(p.shape) for p in unwrap(model).parameters()]


def _used(by_model: dict[str, list[str]], models: list[str]) -> list[str]:
    return list(dict.fromkeys(o for model in models for o in by_model.get(model, ())))


def _line(found: Found, models: list[str], optimizers: list[str], schedulers: list[str] | None = None) -> str:
    """The line to type for one of the choices."""
    mine = {id(found.optimizers[name]) for name in optimizers}
    if schedulers is None:
        schedulers = [name for name, s in found.schedulers.items() if optimizers_of(s) & mine]
    rest = [*found.averages, *(name for name, _, _ in found.others)]
    return " ".join(["%ckpt track", *dict.fromkeys([*models, *optimizers, *schedulers, *rest])])


def _text(head: str, candidates: list[str], choices: list[str]) -> str:
    lines = [f"{head}: say which with `{choices[0]}`", *(f"  {c}" for c in candidates), "type one of"]
    return "\n".join([*lines, *(f"  {choice}" for choice in choices)])


def _describe(name: str, obj: Any) -> str:
    inner = unwrap(obj)
    if isinstance(inner, nn.Module):
        return f"{name}: {type(inner).__name__}, {count_parameters(inner):,} parameters"
    if hasattr(obj, "param_groups"):
        count = sum(p.numel() for group in obj.param_groups for p in group["params"] if not is_lazy(p))
        return f"{name}: {type(obj).__name__}, holds {count:,} parameters"
    return f"{name}: {type(obj).__name__}"


def _listed(names: Any) -> str:
    return ", ".join(names)
