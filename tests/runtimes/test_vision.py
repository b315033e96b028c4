"""Models that see, opened from their files: what they are asked, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import llava
from tests.support.job import Made
from zoosmith.common import picture
from zoosmith.contract.errors import ZooError
from zoosmith.contract.vision import Seen
from zoosmith.toolkit.vision.session import TorchVision

RED = picture.png([[0] * 30] * 30, [(200, 0, 0)])
BLUE = picture.png([[0] * 30] * 30, [(0, 0, 200)])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return llava.checkpoint(tmp_path_factory.mktemp("llava"))


def test_an_answer_depends_on_the_picture_and_on_nothing_beside_it(made: Made) -> None:
    session = made.opened().session
    red, blue = Seen(RED, "what color?"), Seen(BLUE, "what color?")
    [alone] = session.generate_from_images([red], max_new_tokens=6)
    first, second, again = session.generate_from_images([red, blue, red], max_new_tokens=6)
    assert first == again == alone
    assert second != first
    assert 1 <= first.tokens <= 6


def test_it_is_what_transformers_generates(made: Made) -> None:
    """Pixels and ids by the processor's own pieces, one forward pass a token, no cache."""
    import torch

    session = made.opened().session
    processor = session.processor
    from zoosmith.toolkit.vision.pictures import pixels

    seen = processor.image_processor(images=pixels(RED), return_tensors="pt")["pixel_values"]
    text = "USER: " + llava.IMAGE * (llava.SIDE // llava.PATCH) ** 2 + "\nwhat? ASSISTANT:"
    ids = processor.tokenizer(text, return_tensors="pt")["input_ids"]
    for _ in range(4):
        with torch.inference_mode():
            token = session.model(input_ids=ids, pixel_values=seen).logits[0, -1].argmax()
        ids = torch.cat([ids, token.reshape(1, 1)], dim=1)
    expected = processor.tokenizer.decode(ids[0, -4:], skip_special_tokens=True)
    assert session.generate_from_images([Seen(RED, "what?")], max_new_tokens=4)[0].text == expected


def test_a_chat_template_is_followed(made: Made) -> None:
    session = made.opened().session
    session.processor.chat_template = (
        "{% for m in messages %}{% for part in m.content %}"
        "{{ '<image>' if part.type == 'image' else '[' + part.text + ']' }}{% endfor %}{% endfor %}!"
    )
    assert session._asked("why?") == "<image>[why?]!"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the picture is none of PNG, JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", r"none of PNG, JPEG.*found b'<svg"),
        (RED[:60], "the picture is damaged"),
    ],
)
def test_what_is_no_picture_is_told(made: Made, data: bytes, message: str) -> None:
    with pytest.raises(ZooError, match=message):
        made.opened().session.generate_from_images([Seen(data, "what?")], max_new_tokens=2)


def test_a_folder_without_a_processor_is_told(made: Made, tmp_path: Path) -> None:
    import shutil

    moved = shutil.copytree(made.out, tmp_path / "moved")
    for name in ("preprocessor_config.json", "processor_config.json"):
        (moved / name).unlink()
    with pytest.raises(ZooError, match=r"processor of pictures cannot be opened|nothing that reads pictures"):
        TorchVision(made.session.model, moved)
