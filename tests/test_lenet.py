"""LeNet-5의 두 모델을 논문의 수, 손으로 쓴 공식과 비교합니다."""

import math

import pytest
import torch
from torch.nn import functional as F

from course_utils.anatomy import dissect
from course_utils.lenet import (
    C3_TABLE,
    LeNet5,
    LeNet5Original,
    RBFOutput,
    ScaledTanh,
    TrainableSubsampling,
    correct_class_loss,
    digit_bitmaps,
    discriminative_loss,
)


def ledger(model, field):
    return {row.name: getattr(row, field) for row in dissect(model, (1, 32, 32))}


def test_original_lenet_ledger_is_the_papers():
    parameters, connections = (
        {name: count for name, count in ledger(LeNet5Original(), field).items() if count}
        for field in ("parameters", "connections")
    )
    assert parameters == {
        "C1": 156, "S2": 12, "C3": 1_516, "S4": 32, "C5": 48_120, "F6": 10_164,
    }  # fmt: skip
    assert sum(parameters.values()) == 60_000
    assert connections == {
        "C1": 122_304, "S2": 5_880, "C3": 151_600, "S4": 2_000,
        "C5": 48_120, "F6": 10_164, "output": 840,
    }  # fmt: skip
    assert sum(connections.values()) == 340_908


def test_modern_lenet_has_61706_parameters_900_minus_44_plus_850_more():
    modern, original = (ledger(model(), "parameters") for model in (LeNet5, LeNet5Original))
    assert sum(modern.values()) == 61_706
    assert modern["C3"] - original["C3"] == 900
    assert original["S2"] + original["S4"] - modern["S2"] - modern["S4"] == 44
    assert modern["output"] - original["output"] == 850
    assert LeNet5(num_classes=7)(torch.zeros(2, 1, 32, 32)).shape == (2, 7)


def test_c3_table_follows_the_papers_description():
    assert sum(len(sources) for sources in C3_TABLE) == 60
    uses = [sum(source in sources for sources in C3_TABLE) for source in range(6)]
    assert uses == [10] * 6  # Table I의 각 행에는 X가 열 개 있습니다.
    triples = {frozenset((i + k) % 6 for k in range(3)) for i in range(6)}
    fours = {frozenset((i + k) % 6 for k in range(4)) for i in range(6)}
    assert {frozenset(s) for s in C3_TABLE[:6]} == triples
    assert {frozenset(s) for s in C3_TABLE[6:12]} == fours
    assert all(len(s) == 4 and frozenset(s) not in fours for s in C3_TABLE[12:15])
    assert C3_TABLE[15] == tuple(range(6))


def masked_dense_copy(c3):
    """연결표에 없는 커널을 0으로 곱해 없애는 보통의 합성곱을 따로 만듭니다."""
    dense = c3.weight.new_zeros(16, 6, 5, 5).detach()
    rows = iter(c3.weight.detach())
    for out, sources in enumerate(C3_TABLE):
        for source in sources:
            dense[out, source] = next(rows)
    return dense.requires_grad_(), c3.bias.detach().clone().requires_grad_()


def test_c3_equals_masked_dense_convolution_in_values_and_gradients():
    c3 = LeNet5Original().features.C3.double()
    dense, bias = masked_dense_copy(c3)
    x = torch.randn(3, 6, 14, 14, dtype=torch.double)
    target = torch.randn(3, 16, 10, 10, dtype=torch.double)
    ours, theirs = c3(x), F.conv2d(x, dense, bias)
    torch.testing.assert_close(ours, theirs)
    (ours * target).sum().backward()
    (theirs * target).sum().backward()
    kept = torch.stack([dense.grad[o, i] for o, s in enumerate(C3_TABLE) for i in s])
    torch.testing.assert_close(c3.weight.grad, kept)
    torch.testing.assert_close(c3.bias.grad, bias.grad)


def test_subsampling_adds_four_neighbours_times_weight_plus_bias():
    layer = TrainableSubsampling(2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([0.5, -2.0]))
        layer.bias.copy_(torch.tensor([0.1, 3.0]))
    x = torch.randn(1, 2, 4, 6)
    four = x[..., ::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, ::2] + x[..., 1::2, 1::2]
    expected = torch.stack([0.5 * four[:, 0] + 0.1, -2.0 * four[:, 1] + 3.0], dim=1)
    torch.testing.assert_close(layer(x), expected)


def test_scaled_tanh_maps_one_to_one():
    x = torch.tensor([-1.0, 0.0, 1.0, 3.0])
    expected = [1.7159 * math.tanh(2 / 3 * value) for value in x.tolist()]
    assert ScaledTanh()(x).tolist() == pytest.approx(expected, abs=1e-6)
    assert ScaledTanh()(torch.tensor(1.0)).item() == pytest.approx(1.0, abs=1e-4)


def test_squash_follows_every_layer_up_to_f6():
    model = LeNet5Original()
    parts = dict(model.features.named_children()) | dict(model.classifier.named_children())
    assert list(parts) == [
        "C1", "squash1", "S2", "squash2", "C3", "squash3", "S4", "squash4",
        "C5", "squash5", "F6", "squash6", "output",
    ]  # fmt: skip
    assert all(isinstance(part, ScaledTanh) for name, part in parts.items() if "squash" in name)


def test_rbf_is_squared_distance_to_the_codes():
    codes = torch.tensor([[1.0, -1.0, 1.0], [-1.0, -1.0, -1.0]])
    x = torch.tensor([[0.5, 2.0, -1.0]])
    first = (0.5 - 1) ** 2 + (2 + 1) ** 2 + (-1 - 1) ** 2
    second = (0.5 + 1) ** 2 + (2 + 1) ** 2 + (-1 + 1) ** 2
    assert RBFOutput(codes)(x).tolist() == [[pytest.approx(first), pytest.approx(second)]]


def test_bitmaps_are_ten_different_plus_minus_one_pictures():
    bitmaps = digit_bitmaps()
    assert bitmaps.shape == (10, 12, 7)
    assert set(bitmaps.unique().tolist()) == {-1.0, 1.0}
    assert len({tuple(code.tolist()) for code in bitmaps.flatten(1)}) == 10
    # 배우지 않지만 모델과 함께 저장됩니다.
    assert torch.equal(LeNet5Original().state_dict()["classifier.output.codes"], bitmaps.flatten(1))


def test_c5_is_a_convolution_that_would_slide_over_a_larger_input():
    model = LeNet5Original()
    assert model.features(torch.zeros(1, 1, 36, 36)).shape == (1, 120, 2, 2)


def test_initial_weights_lie_within_2_4_over_fan_in():
    torch.manual_seed(0)
    model = LeNet5Original()
    bounds = {"features.C1": 25, "features.C5": 400, "classifier.F6": 120}
    bounds |= {"features.S2": 4, "features.S4": 4}
    for name, fan_in in bounds.items():
        layer = model.get_submodule(name)
        largest = max(layer.weight.abs().max(), layer.bias.abs().max()).item()
        assert largest <= 2.4 / fan_in
        assert layer.weight.abs().max().item() > 0.5 * 2.4 / fan_in
    c3 = model.features.C3
    for link, out in enumerate(c3.links[0].tolist()):
        assert c3.weight[link].abs().max().item() <= 2.4 / (25 * len(C3_TABLE[out]))


def test_losses_are_equations_8_and_9():
    penalties, labels = torch.tensor([[1.0, 5.0, 2.0], [4.0, 0.5, 3.0]]), torch.tensor([0, 2])
    assert correct_class_loss(penalties, labels).item() == (1.0 + 3.0) / 2
    others = torch.exp(torch.tensor(-7.0)) + torch.exp(-penalties).sum(dim=1)
    expected = (torch.tensor([1.0, 3.0]) + others.log()).mean()
    torch.testing.assert_close(discriminative_loss(penalties, labels, rubbish=7.0), expected)


@pytest.mark.parametrize("size", [20, 1e4])
def test_discriminative_loss_is_cross_entropy_with_a_rubbish_logit(size):
    penalties, labels = size * torch.rand(8, 10), torch.randint(0, 10, (8,))
    logits = torch.cat([-penalties, torch.full((8, 1), -3.0)], dim=1)
    loss = discriminative_loss(penalties, labels, rubbish=3.0)
    assert loss.isfinite()
    torch.testing.assert_close(loss, F.cross_entropy(logits, labels))


@pytest.mark.parametrize("model", [LeNet5, LeNet5Original])
@pytest.mark.parametrize(
    ("shape", "fix"),
    [
        ((4, 1, 28, 28), r"F\.pad\(images, \(2, 2, 2, 2\)"),
        ((1, 32, 32), r"unsqueeze\(0\)"),
        ((8, 32, 32), r"unsqueeze\(1\)"),
        ((4, 3, 32, 32), "흑백"),
        ((4, 1, 64, 64), "크기"),
        ((4, 1024), "4차원"),
    ],
)
def test_wrong_input_shape_names_both_shapes_and_the_fix(model, shape, fix):
    with pytest.raises(ValueError, match=fix) as error:
        model()(torch.zeros(shape))
    assert "(N, 1, 32, 32)" in str(error.value)
    assert str(shape) in str(error.value)


def test_padding_advice_really_fixes_a_28_pixel_image():
    images = F.pad(torch.zeros(4, 1, 28, 28), (2, 2, 2, 2), value=-0.1)
    assert LeNet5()(images).shape == (4, 10)
