"""The words of a record in each language."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from jupyter_ckpt.record.language import Language

_EN = {
    "at_epoch": "@ epoch {epoch}",
    "at_step": "@ step {step}",
    "epoch": "epoch {epoch}",
    "of_epochs": "epoch {epoch} ({done} of {epochs})",
    "step": "step {step}",
    "parameter": "{count} parameter",
    "parameters": "{count} parameters",
    "frozen": "{share} % frozen",
    "all_frozen": "all frozen",
    "lazy": "parameters not known yet",
    "tied": "tied weights",
    "quantized": "quantized",
    "batch_size": "batch size {size}",
    "accumulated": "batch size {size} × {steps} accumulated = {all}",
    "role_train": "{size} train",
    "role_val": "{size} val",
    "role_test": "{size} test",
    "stream": "streamed",
    "colon": ": ",
    "comma": ", ",
    "seconds": "{s} s",
    "minutes": "{m} min {s} s",
    "hours": "{h} h {m} min",
    "once": "resumed once",
    "resumed": "resumed {count} times",
    "interrupted_once": "interrupted once",
    "interrupted": "interrupted {count} times",
    "stopped_once": "stopped once",
    "stopped": "stopped {count} times",
    "also_last": "also the last one",
    "persistent": "persistent storage",
    "session": "⚠ lost when the container is removed",
    "ephemeral": "⚠ not safe: temporary storage",
    "unknown": "⚠ not certain that it survives",
    "git": "git {commit}",
    "changed": "with uncommitted changes",
    "forked": "from {parent}",
    "problem": "The record's template was not used: {why}",
}
_ZH = {
    "at_epoch": "@ 第 {epoch} 轮",
    "at_step": "@ 第 {step} 步",
    "epoch": "第 {epoch} 轮",
    "of_epochs": "第 {epoch} 轮（已完成 {done}/{epochs}）",
    "step": "第 {step} 步",
    "parameter": "{count} 个参数",
    "parameters": "{count} 个参数",
    "frozen": "冻结 {share} %",
    "all_frozen": "全部冻结",
    "lazy": "参数量尚未确定",
    "tied": "权重共享",
    "quantized": "量化",
    "batch_size": "批大小 {size}",
    "accumulated": "批大小 {size} × 累积 {steps} 步 = {all}",
    "role_train": "训练 {size}",
    "role_val": "验证 {size}",
    "role_test": "测试 {size}",
    "stream": "流式",
    "colon": "：",
    "comma": "，",
    "seconds": "{s} 秒",
    "minutes": "{m} 分 {s} 秒",
    "hours": "{h} 小时 {m} 分",
    "once": "续训 1 次",
    "resumed": "续训 {count} 次",
    "interrupted_once": "意外中断 1 次",
    "interrupted": "意外中断 {count} 次",
    "stopped_once": "手动停止 1 次",
    "stopped": "手动停止 {count} 次",
    "also_last": "也是最新的",
    "persistent": "持久存储",
    "session": "⚠ 删除容器后丢失",
    "ephemeral": "⚠ 不安全：临时存储",
    "unknown": "⚠ 无法确定能否长期保留",
    "git": "git {commit}",
    "changed": "有未提交的修改",
    "forked": "源自 {parent}",
    "problem": "未使用自定义模板：{why}",
}
_TABLE: Mapping[Language, Mapping[str, str]] = MappingProxyType({"en": _EN, "zh_CN": _ZH})

TEMPLATES: Mapping[Language, str] = MappingProxyType(
    {
        "en": """\
### $title

**$best** $trend · last: $last

| Model | $model · $parameters |
|:--|:--|
| Loss | $loss |
| Optimizer | $optimizer |
| Scheduler | $scheduler |
| Data | $data · $batch_size |
| Transforms | $transforms |
| Settings | $hyperparameters |
| Device | $device |
| Seed | $seeds |
| Time | $duration · $resumes |
| Best checkpoint | $best_path |
| Last checkpoint | $last_path |
| Notes | $notes |

<details><summary>Run and environment</summary>

$run · $versions · $git

</details>
""",
        "zh_CN": """\
### $title

**$best** $trend · 最新：$last

| 模型 | $model · $parameters |
|:--|:--|
| 损失函数 | $loss |
| 优化器 | $optimizer |
| 学习率调度 | $scheduler |
| 数据 | $data · $batch_size |
| 数据变换 | $transforms |
| 其他设置 | $hyperparameters |
| 设备 | $device |
| 随机种子 | $seeds |
| 用时 | $duration · $resumes |
| 最佳检查点 | $best_path |
| 最新检查点 | $last_path |
| 备注 | $notes |

<details><summary>运行与环境</summary>

$run · $versions · $git

</details>
""",
    }
)
"""What a record looks like when the user has no template of their own."""


class Words:
    """The words of one language.

    Parameters
    ----------
    language : {"en", "zh_CN"}
        Which.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self._table = _TABLE[language]

    def __call__(self, key: str, **values: object) -> str:
        """A phrase with its values, which are put in as they are."""
        return self._table[key].format(**values)

    def times(self, one: str, many: str, count: int) -> str:
        """``resumed once``, ``resumed 3 times``; empty for none."""
        return "" if count <= 0 else self(one) if count == 1 else self(many, count=count)

    def duration(self, seconds: float) -> str:
        """``12 s``, ``3 min 20 s``, ``2 h 5 min``; empty when it is nothing."""
        if not 0.5 <= seconds < 1e9:
            return ""
        whole = round(seconds)
        if whole < 60:
            return self("seconds", s=whole)
        if whole < 3600:
            return self("minutes", m=whole // 60, s=whole % 60)
        return self("hours", h=whole // 3600, m=whole % 3600 // 60)
