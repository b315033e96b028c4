"""The Open Inference Protocol v2."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from zoosmith import __version__


def tensor(*texts: str, **changes: Any) -> dict[str, Any]:
    return {"name": "text", "datatype": "BYTES", "shape": [len(texts)], "data": list(texts)} | changes


def test_the_server_and_its_models_tell_about_themselves(client: httpx2.Client) -> None:
    assert client.get("/v2").json() == {"name": "zoosmith", "version": __version__, "extensions": []}
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    assert client.get("/v2/models/letters/ready").json() == {"name": "letters", "ready": True}
    about = client.get("/v2/models/match").json()
    assert about["platform"] == "zoosmith_table"
    assert about["inputs"] == [
        {"name": "first", "datatype": "BYTES", "shape": [-1]},
        {"name": "second", "datatype": "BYTES", "shape": [-1]},
    ]
    assert [(one["name"], one["datatype"], one["shape"]) for one in about["outputs"]] == [
        ("label", "BYTES", [-1]), ("score", "FP32", [-1]), ("scores", "FP32", [-1, 2])
    ]  # fmt: skip
    [version] = about["versions"]
    assert re.fullmatch("[0-9a-f]{16}", version)
    assert client.get(f"/v2/models/match/versions/{version}").json() == about
    assert client.get(f"/v2/models/match/versions/{version}/ready").status_code == 200
    assert client.get("/v2/models/match/versions/1").status_code == 404


def test_an_answer_has_the_outputs_that_were_asked_for(client: httpx2.Client) -> None:
    asked = {"id": "7", "inputs": [tensor("a lovely film", "an awful plot")]}
    found = client.post("/v2/models/mood/infer", json=asked)
    assert found.status_code == 200, found.text
    reply = found.json()
    label, score, scores = reply["outputs"]
    assert (reply["id"], reply["model_name"]) == ("7", "mood")
    assert label == {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["positive", "negative"]}
    assert scores["shape"] == [2, 2]
    assert scores["parameters"] == {"labels": "negative, positive"}
    assert score["data"] == [scores["data"][1], scores["data"][2]]
    few = client.post("/v2/models/mood/infer", json=asked | {"outputs": [{"name": "score"}]}).json()["outputs"]
    assert few == [score]
    where = f"/v2/models/mood/versions/{reply['model_version']}/infer"
    assert client.post(where, json=asked).json() == reply


def test_shapes_may_have_a_second_dimension_of_one(client: httpx2.Client) -> None:
    plain = client.post("/v2/models/mood/infer", json={"inputs": [tensor("good", "bad")]}).json()
    for data in (["good", "bad"], [["good"], ["bad"]]):
        asked = {"inputs": [tensor("good", "bad", shape=[2, 1], data=data)]}
        assert client.post("/v2/models/mood/infer", json=asked).json() == plain


def test_inputs_of_a_pair_may_come_in_any_order(client: httpx2.Client) -> None:
    first, second = tensor("the film", name="first"), tensor("a good plot", name="second")
    one, other = (
        client.post("/v2/models/match/infer", json={"inputs": pair}) for pair in ([first, second], [second, first])
    )
    assert one.json() == other.json()
    assert one.json()["outputs"][0]["data"] == ["yes"]


@pytest.mark.parametrize(
    ("model", "asked", "status", "said"),
    [
        ("mood", {}, 400, "`inputs` should be a list of tensors: text"),
        ("mood", {"inputs": ["a"]}, 400, "`inputs` should be a list of tensors"),
        ("mood", {"inputs": [tensor("a", datatype="FP32")]}, 400, "datatype BYTES; found 'FP32'"),
        ("mood", {"inputs": [tensor("a", shape=[2])]}, 400, r"has 1 texts, so its shape is \[1\]; found \[2\]"),
        ("mood", {"inputs": [tensor("a", shape="1")]}, 400, "so its shape is"),
        ("mood", {"inputs": [tensor("a", shape=[True])]}, 400, "so its shape is"),
        ("mood", {"inputs": [tensor("a", shape=[1, 1, 1])]}, 400, "so its shape is"),
        ("mood", {"inputs": [tensor("a", data=[1])]}, 400, "an element of input 'text' should be a text; found 1"),
        ("mood", {"inputs": [tensor("a", data=[[["a"]]])]}, 400, "should be a text"),
        ("mood", {"inputs": [tensor("a", data=None)]}, 400, "`data` of input 'text' should be a list"),
        ("mood", {"inputs": [tensor("a", name="txt")]}, 400, "no input 'txt'; did you mean 'text'"),
        ("mood", {"inputs": [tensor("a"), tensor("a")]}, 400, "each of the inputs text is given once"),
        ("mood", {"inputs": [tensor("a")], "outputs": [{"name": "lable"}]}, 400, "did you mean 'label'"),
        ("mood", {"inputs": [tensor("a")], "outputs": "label"}, 400, "`outputs` should be a list"),
        ("mood", {"inputs": [tensor("a")], "id": 7}, 400, "`id` should be a text; found 7"),
        ("mood", {"inputs": [tensor(*"123456789")]}, 422, "found 9 inputs"),
        ("mood", {"inputs": [tensor("a" * 301)]}, 422, "input 1 has 301 characters"),
        ("match", {"inputs": [tensor("a", name="first")]}, 400, "first, second is given once; found first"),
        (
            "match", {"inputs": [tensor("a", name="first"), tensor("a", "b", name="second")]}, 400,
            "different numbers of texts",
        ),
        ("moood", {"inputs": [tensor("a")]}, 404, "no model 'moood' is served here; did you mean 'mood'"),
        ("letters", {"inputs": [tensor("a")]}, 400, "letters is a language model"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_message(
    client: httpx2.Client, model: str, asked: dict[str, Any], status: int, said: str
) -> None:
    found = client.post(f"/v2/models/{model}/infer", json=asked)
    assert found.status_code == status, found.text
    assert list(found.json()) == ["error"]
    assert re.search(said, found.json()["error"]), found.text


def test_binary_tensors_are_refused_with_the_way_out(client: httpx2.Client) -> None:
    found = client.post("/v2/models/mood/infer", content=b"{}", headers={"Inference-Header-Content-Length": "2"})
    assert found.status_code == 400
    assert "binary_data=False" in found.json()["error"]
