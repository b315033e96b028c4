"""Reading and writing transformers checkpoints the way every torch builder does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from zoosmith.common.names import places_in
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job, Parent
from zoosmith.toolkit.pruning import structure
from zoosmith.toolkit.torch import sessions, soundness, tokenizer_facts

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "merges.txt",
    "tokenizer.model",  # SentencePiece; without it llama.cpp's converter tokenises otherwise
    "added_tokens.json",
    "chat_template.jinja",
    "generation_config.json",  # names end tokens that no other file does
)
VOCABULARIES = ("vocab.txt", "vocab.json", "*.model")  # without one, transformers makes up a tokenizer of 5 tokens


def load_model(job: Job, path: Path, *, new_head: bool, dtype: str = "float32") -> Any:
    """The task's model from `path`. Without `new_head`, a checkpoint that lacks the head is an error.

    dtype: of the weights, as torch names it; "auto" for that of the checkpoint.
    With it, a head that is missing or has other classes is drawn from the job's seed. Weights are read from
    safetensors alone: a pickle may run code when it is loaded. Raises BuildError naming the parent.
    """
    model, _ = load_with_new_weights(job, path, new_head=new_head, dtype=dtype)
    return model


def load_with_new_weights(job: Job, path: Path, *, new_head: bool, **options: Any) -> tuple[Any, list[str]]:
    """`load_model`, with options of from_pretrained, and the names of the weights that were drawn from the seed.

    A causal language model answers with its own output matrix, so nothing is drawn for it, whatever `new_head` says.
    """
    import torch
    import transformers
    from safetensors import SafetensorError

    torch.manual_seed(job.seed)
    labels = job.task.spec.labels
    auto = getattr(transformers, job.task.auto_model)
    new_head = new_head and job.task.auto_model != sessions.CAUSAL
    name = next((parent.name for parent in job.parents.values() if parent.path == path), "of its parent")
    kind = options.pop("dtype", "float32")
    extra: dict[str, Any] = {"num_labels": len(labels)} if new_head else {}
    soundness.refuse_quantized(path, name)
    if not new_head:
        soundness.check_config(path, name, job.task)
    try:
        model, info = _model_class(auto, path).from_pretrained(
            path, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=kind,
            output_loading_info=True, ignore_mismatched_sizes=True, **extra, **options,
        )  # fmt: skip
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        said = str(error).splitlines()[0].replace(str(path), name)
        raise BuildError(f"transformers cannot load the checkpoint {name}: {said}") from error
    soundness.check_weights(model, info, path, name, new_head=new_head)
    missing = drawn(info)
    if missing and not new_head:
        causal = job.task.auto_model == sessions.CAUSAL
        cure = "take a whole checkpoint" if causal else "use the builder `finetune` on it"
        raise BuildError(
            f"the checkpoint {name} has no trained head for {job.task.spec.kind}: {', '.join(missing[:3])} missing; "
            f"{cure}"
        )
    _check_positions(model, job.task.spec.max_length)
    if getattr(model.config, "problem_type", None) is not None:
        model.config.problem_type = soundness.problem_type(job.task)  # what it is trained for from now on
    return model, missing


def drawn(info: dict[str, Any]) -> list[str]:
    """Weights that a checkpoint lacks, or has in another size, out of transformers' loading info."""
    missing = sorted(key for key in info["missing_keys"] if "position_ids" not in key)
    return missing + sorted(key for key, *_ in info["mismatched_keys"])


def _model_class(auto: Any, path: Path) -> Any:
    """`auto`, or the class of its model with the sizes that structure.json records."""
    import torch
    import transformers

    if structure.read(path) is None:
        return auto
    config = transformers.AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    with torch.device("meta"):
        return structure.model_class(type(auto.from_config(config, trust_remote_code=False)), path)


def _check_positions(model: Any, max_length: int) -> None:
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions is None:
        return
    before = [
        module.padding_idx + 1  # RoBERTa and its kin number positions from behind that of the padding
        for name, module in model.named_modules()
        if name.endswith(".position_embeddings") and getattr(module, "padding_idx", None) is not None
    ]
    positions -= sum(before)
    if max_length > positions:
        raise BuildError(
            f"the task's max_length is {max_length}, the model has {positions} positions; lower it in the recipe"
        )


def name_labels(job: Job, model: Any) -> None:
    """Give the model's outputs the task's label names; a task without labels is left as it is. Raises BuildError.

    So is a causal language model, whose outputs are tokens.
    """
    if sessions.is_causal(type(model).__name__):
        return
    if not job.task.spec.labels and not hasattr(model, "num_labels"):
        return
    theirs = [str(model.config.id2label[i]) for i in range(model.config.num_labels)]
    if _generic(theirs) and job.task.spec.labels and not job.labels_ordered:
        raise BuildError(
            f"the checkpoint {job.parent.name} calls its classes {', '.join(theirs)}, and nothing says which they are "
            f"of {', '.join(job.task.spec.labels)}: name them in the order of its outputs, `task: {{labels: [...]}}`"
        )
    labels = label_order(model.config, job.task.spec.labels)
    job.labels(labels)
    set_labels(model, labels)


def label_order(config: Any, labels: Sequence[str]) -> tuple[str, ...]:
    """The task's label names in the order of the model's outputs.

    Names match whatever their case; generic names (LABEL_0) that the task does not have stand for positions. Raises
    BuildError.
    """
    return _in_their_order([str(config.id2label[i]) for i in range(config.num_labels)], labels)


def _in_their_order(theirs: Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    if not labels:
        return tuple(theirs)
    order = places_in(labels, theirs)
    if order is None and _generic(theirs) and len(theirs) == len(labels):
        return tuple(labels)
    if order is None:
        raise BuildError(
            f"the checkpoint answers {list(theirs)}, the task wants {list(labels)}; rename `labels` in the recipe"
        )
    return tuple(labels[i] for i in order)


def _generic(names: Sequence[str]) -> bool:
    """Whether transformers made the names up: the checkpoint's config has none."""
    return all(name == f"LABEL_{i}" for i, name in enumerate(names))


def keep_labels(job: Job, parent: Parent) -> Job:
    """The job with its labels in the order of the parent's outputs, which the artifact keeps.

    What starts from a model that answers already goes on in its order; its targets and answers then agree.
    Raises BuildError where the parent has other labels than the task.
    """
    assert parent.manifest.task is not None  # every artifact has one; only fetched bases have none
    theirs = parent.manifest.task.labels
    if not theirs and job.task.auto_model == sessions.CAUSAL:
        return job  # made for texts, it answers with any token
    labels = _in_their_order(theirs, job.task.spec.labels)
    job.labels(labels)
    return replace(job, task=job.task.with_labels(labels))


def set_labels(model: Any, labels: Sequence[str]) -> None:
    """Write the labels into the model's config, so that other tools show them too; a language model has none."""
    if sessions.is_causal(type(model).__name__):
        return
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: i for i, label in enumerate(labels)}


def save_model(model: Any, out: Path) -> None:
    """config.json, model.safetensors and, where needed, structure.json below `out`, without a trace of their origin."""
    structure.write(model, out)
    model.save_pretrained(out, safe_serialization=True)
    file = out / "config.json"
    _write_config(json.loads(file.read_text(encoding="utf-8")), file)


def save_config(model: Any, out: Path) -> None:
    """config.json and structure.json for weights that are stored in another way; quantisation is not part of them."""
    structure.write(model, out)
    config = model.config.to_diff_dict() | {"architectures": [type(model).__name__]}
    config.pop("quantization_config", None)
    _write_config(config, out / "config.json")


def _write_config(config: dict[str, Any], file: Path) -> None:
    config.pop("_name_or_path", None)
    file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def copy_config(source: Path, out: Path) -> None:
    """config.json, and structure.json where there is one."""
    for name in ("config.json", structure.FILE):
        if (source / name).is_file():
            shutil.copyfile(source / name, out / name)


def copy_tokenizer(source: Path, out: Path) -> None:
    """The tokenizer's files, with a tokenizer.json made if the source has only the slow form.

    Raises BuildError where there is no tokenizer, or one whose vocabulary is larger than the model's.
    """
    if not (source / "tokenizer.json").is_file():
        _make_fast(source, out)
        return
    for name in TOKENIZER_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, out / name)


def _make_fast(source: Path, out: Path) -> None:
    import transformers

    if not any(path.is_file() for pattern in VOCABULARIES for path in source.glob(pattern)):
        raise BuildError(
            f"there is no tokenizer beside the weights: neither tokenizer.json nor {', '.join(VOCABULARIES)}; "
            "add its files to the base"
        )
    try:
        made = transformers.AutoTokenizer.from_pretrained(source, local_files_only=True, trust_remote_code=False)
        made.save_pretrained(out)
    except (OSError, ValueError) as error:
        said = str(error).splitlines()[0].replace(str(source), "it")
        raise BuildError(f"transformers cannot read the tokenizer: {said}") from error
    if not (out / "tokenizer.json").is_file():
        raise BuildError("the tokenizer exists in its slow form only, which cannot be turned into tokenizer.json")


def check_vocabulary(model: Any, out: Path) -> None:
    """Raise BuildError when the tokenizer can give an id that the embedding does not have.

    Also where the files of the tokenizer in `out` contradict each other.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    except Exception as error:  # tokenizers raises no narrower type
        raise BuildError(f"tokenizer.json cannot be read: {error}") from error
    size = tokenizer.get_vocab_size(with_added_tokens=True)
    rows = model.get_input_embeddings().num_embeddings
    if size > rows:
        raise BuildError(f"the tokenizer knows {size} tokens, the model embeds {rows}: it belongs to another model")
    tokenizer_facts.check(tokenizer, out, model.config, special=not sessions.is_causal(type(model).__name__))
