"""Image-text-to-text models of transformers as sessions: a picture and a question in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import ZooError
from zoosmith.contract.session import Generation
from zoosmith.contract.vision import Seen
from zoosmith.toolkit.causal import chat
from zoosmith.toolkit.vision.pictures import pixels

VICUNA = "USER: {image}\n{prompt} ASSISTANT:"
"""How LLaVA-1.5 was asked, for checkpoints without a chat template. Source: Liu et al., 2023."""


class TorchVision:
    """A model in evaluation mode, in the type that it was loaded in, with the processor of its folder."""

    def __init__(self, model: Any, folder: Path, device: str = "cpu") -> None:
        """Move `model` to `device`. Raises ZooError where the folder has no processor for pictures and text."""
        import transformers

        try:
            self.processor = transformers.AutoProcessor.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
        except (OSError, ValueError, ImportError) as error:
            said = str(error).splitlines()[0].replace(str(folder), "it")
            raise ZooError(f"{folder}: the processor of pictures cannot be opened: {said}") from error
        if not hasattr(self.processor, "image_processor"):
            raise ZooError(f"{folder}: there is a tokenizer and nothing that reads pictures: preprocessor_config.json")
        quantised = getattr(model, "is_quantized", False)  # bitsandbytes has put it where it belongs
        self.model = (model if quantised else model.to(device)).eval()
        self.device = device
        self.tokenizer = self.processor.tokenizer

    def generate_from_images(self, requests: Sequence[Seen], *, max_new_tokens: int) -> list[Generation]:
        """Greedy answers, one request after the other, so that none depends on its neighbours."""
        return [self._answer(seen, max_new_tokens) for seen in requests]

    def _answer(self, seen: Seen, limit: int) -> Generation:
        import torch

        read = self.processor(images=pixels(seen.picture), text=self._asked(seen.prompt), return_tensors="pt")
        inputs = read.to(self.device, dtype=self.model.dtype)  # of the pixels; ids stay integers
        with torch.inference_mode():
            written = self.model.generate(
                **inputs, do_sample=False, num_beams=1, max_new_tokens=limit, pad_token_id=self._pad()
            )
        ids = written[0, inputs["input_ids"].shape[1] :].tolist()
        stopped = bool(ids) and ids[-1] in self._ends()
        text = self.tokenizer.decode(ids, skip_special_tokens=True)
        return Generation(text, len(ids), stopped)

    def _asked(self, prompt: str) -> str:
        """The prompt around the picture's place, by the checkpoint's own chat template."""
        template = self.processor.chat_template or self.tokenizer.chat_template
        if not template:
            return VICUNA.format(image=self.processor.image_token, prompt=prompt)
        content = [{"type": "image"}, {"type": "text", "text": prompt}]
        return chat.render(template, [{"role": "user", "content": content}], bos="", eos="")  # type: ignore[dict-item]

    def _ends(self) -> set[int]:
        ends = self.model.generation_config.eos_token_id
        ends = self.tokenizer.eos_token_id if ends is None else ends
        return set(ends) if isinstance(ends, list) else {ends}

    def _pad(self) -> int:
        pad = self.tokenizer.pad_token_id
        return min(self._ends()) if pad is None else int(pad)
