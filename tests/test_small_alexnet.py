"""작은 망의 스위치: 하나를 바꾸면 그것만 바뀝니다."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils.alexnet import FourLayerNet, LadderNet, SmallAlexNet
from course_utils.anatomy import layer_outputs
from course_utils.lenet import LeNet5


def count(model):
    return sum(weight.numel() for weight in model.parameters())


def kinds(model):
    return {type(module) for module in model.modules()}


@pytest.fixture
def images():
    return torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def pool_sizes(model, images):
    outputs = layer_outputs(model, images)
    return [outputs[name].shape[-1] for name in ("pool1", "pool2", "pool5")]


@pytest.mark.parametrize("overlapping", [True, False])
def test_both_poolings_give_the_same_sizes(images, overlapping):
    # 논문의 조건: 출력의 크기가 같은 두 풀링을 견줍니다(Krizhevsky 2012, §3.4).
    assert pool_sizes(SmallAlexNet(overlapping=overlapping), images) == [15, 7, 3]


@pytest.mark.parametrize("switch", [
    {"overlapping": False}, {"lrn": True}, {"dropout": 0.0}, {"activation": "tanh"},
])  # fmt: skip
def test_no_switch_changes_the_parameter_count(switch):
    assert count(SmallAlexNet(**switch)) == 450_154


def test_plain_pooling_sees_what_overlapping_pooling_sees(images):
    # 3/2 풀링은 31×31까지만 봅니다. 마지막 줄만 바꾼 맵은 두 풀링 모두에서 같은 답을 냅니다.
    for overlapping in (True, False):
        model = SmallAlexNet(overlapping=overlapping)
        after = nn.Sequential(*list(model.features)[2 : 3 if overlapping else 4])
        maps = torch.randn(1, 24, 32, 32)
        changed = maps.clone()
        changed[..., -1, :] = changed[..., :, -1] = 99
        assert torch.equal(after(maps), after(changed))


@pytest.mark.parametrize("number", [1, 2])
def test_lrn_is_the_one_of_the_paper(images, number):
    # 커야 제곱의 합이 k = 2에 묻히지 않습니다.
    outputs = layer_outputs(SmallAlexNet(lrn=True), 1000 * images)
    before, after = outputs[f"relu{number}"], outputs[f"norm{number}"]
    expected = F.local_response_norm(before, 5, alpha=1e-4, beta=0.75, k=2.0)
    torch.testing.assert_close(after, expected)
    assert not torch.allclose(after, before / 2**0.75)


def test_poolings_without_overlap_move_by_their_own_width():
    pools = [part for part in SmallAlexNet(overlapping=False).features
             if isinstance(part, nn.MaxPool2d)]  # fmt: skip
    assert [(pool.kernel_size, pool.stride) for pool in pools] == [(2, 2)] * 3


def test_lrn_stands_after_the_first_two_layers_only():
    names = [name for name, _ in SmallAlexNet(lrn=True).features.named_children()]
    assert names[:8] == [
        "conv1", "relu1", "norm1", "pool1", "conv2", "relu2", "norm2", "pool2"
    ]  # fmt: skip
    assert sum(name.startswith("norm") for name in names) == 2


def test_the_default_has_no_lrn_and_relu_everywhere():
    assert nn.LocalResponseNorm not in kinds(SmallAlexNet())
    assert nn.Tanh not in kinds(SmallAlexNet())


def test_tanh_net_has_no_relu():
    assert nn.ReLU not in kinds(SmallAlexNet(activation="tanh"))
    assert nn.ReLU not in kinds(FourLayerNet(activation="tanh"))


def test_without_dropout_training_mode_changes_nothing(images):
    model = SmallAlexNet(dropout=0.0)
    assert torch.equal(model.train()(images), model.eval()(images))


def test_with_dropout_training_mode_changes_the_output(images):
    model = SmallAlexNet()
    assert not torch.equal(model.train()(images), model.eval()(images))


def test_four_layer_net_has_85_098_parameters():
    convolutions = 32 * (3 * 25 + 1) + 32 * (32 * 25 + 1) + 64 * (32 * 25 + 1)
    assert count(FourLayerNet()) == convolutions + 10 * (64 * 3 * 3 + 1) == 85_098


@pytest.mark.parametrize("model", [SmallAlexNet, FourLayerNet])
def test_unknown_activation_names_the_known_ones(model):
    with pytest.raises(ValueError, match="relu, tanh"):
        model(activation="gelu")


@pytest.mark.parametrize("model", [SmallAlexNet, FourLayerNet])
def test_unknown_activation_is_told_in_korean(model):
    with pytest.raises(ValueError, match="활성화 'gelu'"):
        model(activation="gelu")


@pytest.mark.parametrize("shape", [(1, 3, 33, 33), (1, 1, 32, 32), (3, 32, 32)])
def test_small_alexnet_tells_the_shape_it_wants(shape):
    with pytest.raises(ValueError, match=r"SmallAlexNet의 입력은 \(N, 3, 32, 32\)"):
        SmallAlexNet()(torch.zeros(shape))


def test_four_layer_net_tells_the_shape_it_wants():
    with pytest.raises(ValueError, match=r"FourLayerNet의 입력은 \(N, 3, 32, 32\)"):
        FourLayerNet()(torch.zeros(1, 1, 28, 28))


# --- LeNet-5에서 온 사다리 ------------------------------------------------------------------------


def test_first_step_of_the_ladder_is_lenet_5_with_color():
    # 61,706개에서 C1이 보는 채널이 하나에서 셋이 되므로 6 × 25 × 2 = 300개가 늡니다.
    model = LadderNet()
    assert sum(p.numel() for p in model.parameters()) == 61_706 + 6 * 25 * 2
    kinds = [type(layer) for layer in model.modules() if not list(layer.children())]
    conv, linear, tanh, pool = nn.Conv2d, nn.Linear, nn.Tanh, nn.AvgPool2d
    assert kinds == [conv, tanh, pool, conv, tanh, pool, linear, tanh, linear, tanh, linear]


def test_first_step_computes_what_lenet_5_computes():
    grey, color = LeNet5(), LadderNet()
    parameters = [p.clone() for p in grey.parameters()]
    parameters[0] = parameters[0].repeat(1, 3, 1, 1) / 3  # 세 채널이 같으면 흑백과 같습니다.
    with torch.no_grad():
        for mine, theirs in zip(color.parameters(), parameters, strict=True):
            mine.copy_(theirs.reshape(mine.shape))  # LeNet5의 C5는 5×5 합성곱으로 적은 FC입니다.
    images = torch.rand(4, 1, 32, 32)
    assert torch.allclose(color(images.expand(-1, 3, -1, -1)), grey(images), atol=1e-5)


def test_later_steps_of_the_ladder_keep_the_map_size():
    model = LadderNet(channels=(6, 16, 16, 16, 16), pooling="max", activation="relu", dropout=0.5)
    assert model.features(torch.zeros(1, 3, 32, 32)).shape == (1, 16, 5, 5)
    assert [layer.p for layer in model.modules() if isinstance(layer, nn.Dropout)] == [0.5, 0.5]


def test_unknown_pooling_is_told():
    with pytest.raises(ValueError, match="average, max"):
        LadderNet(pooling="median")
