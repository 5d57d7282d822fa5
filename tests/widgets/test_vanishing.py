"""층별 기울기: 손으로 곱한 연쇄 법칙과 비교합니다."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_utils.widgets.vanishing import (
    ACTIVATIONS,
    INITS,
    SIGNALS,
    WEIGHTS,
    all_norms,
    build_chain,
    describe,
    gradient_norms,
    vanishing_gradients,
)

SLOPES = {
    "시그모이드": lambda z: torch.sigmoid(z) * (1 - torch.sigmoid(z)),
    "tanh": lambda z: 1 - torch.tanh(z) ** 2,
    "ReLU": lambda z: (z > 0).double(),
}


@pytest.fixture(scope="module")
def batch():
    """평균 0, 표준편차 1인 입력 32개와 클래스 열 개의 레이블."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(32, 1, 8, 8, generator=generator), torch.arange(32) % 10


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_norms_follow_the_chain_rule(name, batch):
    inputs, labels = batch
    layers = build_chain(64, 10, depth=5, init="Xavier", seed=0)
    x, sums, ins = inputs.flatten(1).double(), [], []
    with torch.no_grad():
        for number, layer in enumerate(layers):
            x = ACTIVATIONS[name](x) if number else x
            ins.append(x)
            x = layer(x)
            sums.append(x)
        signal = (x.softmax(1) - F.one_hot(labels, 10)) / len(labels)  # 교차 엔트로피의 기울기
        signals, weights = [], []
        for number in reversed(range(5)):
            signals.insert(0, signal.norm().item())
            weights.insert(0, (signal.T @ ins[number]).norm().item())
            if number:
                signal = signal @ layers[number].weight * SLOPES[name](sums[number - 1])
    found = gradient_norms(inputs, labels, activation=name, depth=5, init="Xavier")
    np.testing.assert_allclose(found[SIGNALS], signals, rtol=1e-9)
    np.testing.assert_allclose(found[WEIGHTS], weights, rtol=1e-9)


def test_initial_values_have_the_spread_their_papers_give():
    # Glorot, Bengio 2010: 2 / (입력 + 출력). He 등 2015: 2 / 입력. PyTorch: 1 / (3 × 입력).
    expected = {"N(0, 0.01)": 0.01**2, "Xavier": 2 / (64 + 64), "He": 2 / 64,
                "PyTorch 기본값": 1 / (3 * 64)}  # fmt: skip
    assert expected.keys() == INITS.keys()
    for init, variance in expected.items():
        weight = build_chain(64, 10, depth=3, init=init, seed=0)[1].weight
        assert weight.var().item() == pytest.approx(variance, rel=0.1)


def test_sigmoid_loses_what_the_bound_says_and_relu_with_he_keeps_its_gradient(batch):
    layers = build_chain(64, 10, depth=20, init="He", seed=0)
    norms = all_norms(*batch, depth=20, init="He", quantity=SIGNALS)
    # 한 층을 거슬러 갈 때마다 0.25 × (가중치의 가장 큰 특잇값)보다 많이 남을 수 없습니다.
    largest = [torch.linalg.matrix_norm(layer.weight, 2).item() for layer in layers[1:]]
    sigmoid = norms["시그모이드"]
    assert (sigmoid[:-1] <= 0.25 * np.array(largest) * sigmoid[1:]).all()
    assert sigmoid[0] / sigmoid[-1] < 1e-6
    assert 0.05 < norms["ReLU"][0] / norms["ReLU"][-1] < 20


def test_random_numbers_of_the_notebook_are_left_alone(batch):
    state = torch.get_rng_state()
    assert vanishing_gradients(*batch).readout.value.count("배") == 3
    assert torch.equal(torch.get_rng_state(), state)


def test_unknown_initial_values_are_explained(batch):
    with pytest.raises(ValueError, match="초깃값은"):
        all_norms(*batch, depth=3, init="0", quantity=SIGNALS)


def test_ratio_of_the_first_layer_is_told():
    text = describe({"tanh": np.array([0.5, 1.0]), "ReLU": np.array([0.0, 0.0])})
    assert "tanh <b>0.5</b>배" in text
    assert "ReLU <b>0</b>배" in text
